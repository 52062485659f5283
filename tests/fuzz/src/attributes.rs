//! The attributes that a volume depends on, and what the fuzzer changes them to.

use crate::choices::Choices;
use crate::elements::{Elements, Number};
use crate::series::SECRET;

/// What an attribute may be changed to, besides nothing and any bytes.
#[derive(Clone, Copy)]
pub enum Change {
    /// So many numbers, as text.
    Decimals(usize),
    /// So many numbers, as 64-bit floats.
    Doubles(usize),
    /// So many numbers of 32 bits.
    Longs(usize),
    Words(&'static [u16]),
    Texts(&'static [&'static str]),
}

/// An element, and what it may be changed to.
#[derive(Clone, Copy)]
pub struct Attribute {
    pub number: Number,
    pub vr: &'static str,
    pub change: Change,
}

pub const fn of(number: Number, vr: &'static str, change: Change) -> Attribute {
    Attribute { number, vr, change }
}

impl Attribute {
    /// Changes it: to nothing, to any bytes, or to what it may be.
    pub fn change(&self, elements: &mut Elements, choices: &mut Choices<'_>) {
        let Attribute { number, vr, change } = *self;
        match choices.byte() % 8 {
            0 => drop(elements.0.remove(&number)),
            1 => elements.set(number, vr, choices.bytes(24)),
            _ => match change {
                Decimals(count) => elements.set(number, vr, choices.numbers_text(count)),
                Doubles(count) => {
                    let numbers: Vec<f64> = (0..count).map(|_| choices.number()).collect();
                    elements.doubles(number, &numbers);
                }
                Words(words) => elements.words(number, &[choices.pick(words)]),
                Longs(count) => {
                    let longs = (0..count).map(|_| u32::from(choices.byte() % 9));
                    let bytes: Vec<u8> = longs.flat_map(u32::to_le_bytes).collect();
                    elements.set(number, vr, bytes);
                }
                Texts(texts) => elements.set(number, vr, choices.pick(texts)),
            },
        }
    }
}

use Change::{Decimals, Doubles, Longs, Texts, Words};

const UIDS: Change = Texts(&["1.2", "1.3", "1.4"]);
const TIMES: Change = Texts(&["0930", "093000.5", "235959.999999", "000000", "9", "250000"]);
const DATES: Change = Texts(&["20200101", "20191231", "20200230", "2020"]);

/// What a volume depends on.
pub const ATTRIBUTES: [Attribute; 56] = [
    of((0x0020, 0x0032), "DS", Decimals(3)),
    of((0x0020, 0x0037), "DS", Decimals(6)),
    of((0x0028, 0x0030), "DS", Decimals(2)),
    of((0x0018, 0x0050), "DS", Decimals(1)),
    of((0x0018, 0x0088), "DS", Decimals(1)),
    of((0x0028, 0x1053), "DS", Decimals(1)),
    of((0x0028, 0x1052), "DS", Decimals(1)),
    of((0x0020, 0x0013), "IS", Decimals(1)),
    of((0x0020, 0x0012), "IS", Decimals(1)),
    of((0x0020, 0x0011), "IS", Decimals(1)),
    of((0x0020, 0x0100), "IS", Decimals(1)),
    of((0x0018, 0x1060), "DS", Decimals(1)),
    of((0x0018, 0x0081), "DS", Decimals(1)),
    of((0x0018, 0x0086), "IS", Decimals(1)),
    of((0x0018, 0x0082), "DS", Decimals(1)),
    of((0x0018, 0x1314), "DS", Decimals(1)),
    of((0x0054, 0x1300), "DS", Decimals(1)),
    of((0x0018, 0x9087), "FD", Doubles(1)),
    of((0x0018, 0x9089), "FD", Doubles(3)),
    of((0x0018, 0x1164), "DS", Decimals(2)),
    of((0x0028, 0x0120), "US", Words(&[0, 1, 257])),
    of((0x0028, 0x0010), "US", Words(&[3, 2, 6, 0, 65_535])),
    of((0x0028, 0x0011), "US", Words(&[2, 3, 1, 0, 65_535])),
    of((0x0028, 0x0100), "US", Words(&[16, 8, 32, 12, 1, 64])),
    of((0x0028, 0x0101), "US", Words(&[16, 12, 8, 1])),
    of((0x0028, 0x0102), "US", Words(&[15, 11, 7, 0])),
    of((0x0028, 0x0103), "US", Words(&[0, 1, 2])),
    of((0x0028, 0x0002), "US", Words(&[1, 3, 4, 0])),
    of((0x0028, 0x0006), "US", Words(&[0, 1])),
    of((0x0028, 0x0008), "IS", Decimals(1)),
    of((0x0028, 0x0004), "CS", Texts(&["MONOCHROME2", "RGB", "YBR_FULL", "PALETTE COLOR"])),
    of((0x0008, 0x0060), "CS", Texts(&["CT", "MR", "PT", "NM", "RTDOSE", "US", "SEG", "DX", "XA"])),
    of(
        (0x0008, 0x0016),
        "UI",
        Texts(&[
            "1.2.840.10008.5.1.4.1.1.2",
            "1.2.840.10008.5.1.4.1.1.4",
            "1.2.840.10008.5.1.4.1.1.20",
            "1.2.840.10008.5.1.4.1.1.66.4",
            "1.2.840.10008.5.1.4.1.1.481.2",
            "1.2.840.10008.5.1.4.1.1.88.11",
            "1.2.840.10008.5.1.4.1.1.7.2",
        ]),
    ),
    of(
        (0x0008, 0x0008),
        "CS",
        Texts(&["ORIGINAL\\PRIMARY", "DERIVED\\SECONDARY\\M", "LOCALIZER", "MOSAIC", "M", "P"]),
    ),
    of((0x0020, 0x000E), "UI", UIDS),
    of((0x0020, 0x000D), "UI", UIDS),
    of((0x0020, 0x0052), "UI", UIDS),
    of((0x0008, 0x0018), "UI", UIDS),
    of((0x0008, 0x0031), "TM", TIMES),
    of((0x0008, 0x0032), "TM", TIMES),
    of((0x0008, 0x0033), "TM", TIMES),
    of((0x0008, 0x0022), "DA", DATES),
    of((0x0008, 0x0023), "DA", DATES),
    of((0x0008, 0x002A), "DT", Texts(&["20200101093000", "20200101093000.5+0100", "2020"])),
    of((0x0018, 0x9074), "DT", Texts(&["20200101093000", "20200101093001", "2020"])),
    of((0x0054, 0x1001), "CS", Texts(&["BQML", "CNTS", "SUV"])),
    of((0x0018, 0x1210), "SH", Texts(&["B30f", "B60f"])),
    of((0x0018, 0x0060), "DS", Decimals(1)),
    of((0x0018, 0x9328), "FD", Doubles(1)),
    of((0x0010, 0x0020), "LO", Texts(&["1", "2"])),
    of((0x3004, 0x000E), "DS", Decimals(1)),
    of((0x3004, 0x000C), "DS", Decimals(4)),
    of((0x0028, 0x0301), "CS", Texts(&["YES", "NO"])),
    of((0x0018, 0x5100), "CS", Texts(&["HFS", "FFP"])),
    of((0x0054, 0x0080), "US", Words(&[1, 2])),
    of((0x0020, 0x4000), "LT", Texts(&[SECRET])),
];

/// The attributes that the pixels depend on.
pub fn is_of_pixels((group, element): Number) -> bool {
    group == 0x0028 && !matches!(element, 0x0030 | 0x0120 | 0x0301 | 0x1052 | 0x1053)
}
