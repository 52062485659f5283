//! Elements, items and files (PS3.5 §7, PS3.10 §7) as bytes.

use std::collections::BTreeMap;

pub const IMPLICIT: &str = "1.2.840.10008.1.2";
pub const EXPLICIT: &str = "1.2.840.10008.1.2.1";
pub const DEFLATED: &str = "1.2.840.10008.1.2.1.99";

/// Group and number of an element.
pub type Number = (u16, u16);

/// A value and its VR.
pub type Value = (&'static str, Vec<u8>);

/// The elements of a data set, each once.
#[derive(Clone, Debug, Default)]
pub struct Elements(pub BTreeMap<Number, Value>);

/// How elements are written; the fuzzer's choice of anything else.
#[derive(Clone, Copy, Debug, Default)]
pub struct Written {
    pub is_implicit: bool,
    /// Sequences and items have no length, and end with a delimiter.
    pub is_undefined: bool,
}

impl Elements {
    pub fn set(&mut self, number: Number, vr: &'static str, value: impl Into<Vec<u8>>) {
        self.0.insert(number, (vr, value.into()));
    }

    pub fn words(&mut self, number: Number, words: &[u16]) {
        self.set(
            number,
            "US",
            words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<_>>(),
        );
    }

    pub fn doubles(&mut self, number: Number, doubles: &[f64]) {
        let bytes: Vec<u8> = doubles.iter().flat_map(|double| double.to_le_bytes()).collect();
        self.set(number, "FD", bytes);
    }

    /// A sequence of these items.
    pub fn sequence(&mut self, number: Number, items: &[Elements], written: Written) {
        let items: Vec<Vec<u8>> = items.iter().map(|item| item.bytes(written)).collect();
        self.set(number, "SQ", items_of(&items, written));
    }

    pub fn bytes(&self, written: Written) -> Vec<u8> {
        let mut out = Vec::new();
        for (number, (vr, value)) in &self.0 {
            write(&mut out, *number, vr, value, written);
        }
        out
    }

    /// A file of this Transfer Syntax, which says how the data set is written.
    pub fn file(&self, transfer_syntax: &str) -> Vec<u8> {
        let written = Written { is_implicit: transfer_syntax == IMPLICIT, is_undefined: false };
        file(transfer_syntax, &self.bytes(written))
    }
}

/// The bytes of a sequence whose items have these bytes.
pub fn items_of(items: &[Vec<u8>], written: Written) -> Vec<u8> {
    let mut out = Vec::new();
    for item in items {
        out.extend([0xFE, 0xFF, 0x00, 0xE0]);
        match written.is_undefined {
            true => out.extend(u32::MAX.to_le_bytes()),
            false => out.extend((item.len() as u32).to_le_bytes()),
        }
        out.extend(item);
        if written.is_undefined {
            out.extend([0xFE, 0xFF, 0x0D, 0xE0, 0, 0, 0, 0]);
        }
    }
    out
}

/// Writes one element; values of an odd length get what pads them (PS3.5 §6.2).
pub fn write(
    out: &mut Vec<u8>,
    (group, element): Number,
    vr: &str,
    value: &[u8],
    written: Written,
) {
    let is_undefined = vr == "SQ" && written.is_undefined;
    let length = match is_undefined {
        true => u32::MAX,
        false => value.len().next_multiple_of(2) as u32,
    };
    out.extend(group.to_le_bytes());
    out.extend(element.to_le_bytes());
    let is_long = matches!(vr, "OB" | "OW" | "OD" | "OF" | "OL" | "OV" | "SQ" | "UN" | "UT" | "UC");
    if written.is_implicit {
        out.extend(length.to_le_bytes());
    } else if is_long {
        out.extend(vr.as_bytes());
        out.extend([0, 0]);
        out.extend(length.to_le_bytes());
    } else {
        out.extend(vr.as_bytes());
        out.extend((length as u16).to_le_bytes());
    }
    out.extend(value);
    if !value.len().is_multiple_of(2) {
        let is_text = !matches!(vr, "UI" | "OB" | "OW" | "UN" | "SQ");
        out.push(if is_text { b' ' } else { 0 });
    }
    if is_undefined {
        out.extend([0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]);
    }
}

/// A file whose data set has these bytes.
pub fn file(transfer_syntax: &str, dataset: &[u8]) -> Vec<u8> {
    let mut out = vec![0; 128];
    out.extend(b"DICM");
    let meta = Written::default();
    write(&mut out, (0x0002, 0x0010), "UI", transfer_syntax.as_bytes(), meta);
    out.extend(dataset);
    out
}
