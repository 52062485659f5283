//! Data sets for tests, from elements as tuples: group, number, VR, value.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::dataset::{Dataset, DicomFile};
use crate::parse::ParseOptions;
use crate::series::header::InstanceHeader;

/// An element in Explicit VR Little Endian; values of the short VRs only, but for OW and SQ.
pub(crate) fn element(group: u16, number: u16, vr: &str, value: &[u8]) -> Vec<u8> {
    let mut bytes = [group.to_le_bytes(), number.to_le_bytes()].concat();
    bytes.extend(vr.as_bytes());
    match vr {
        "SQ" if value == b"cut" => bytes.extend([&[0, 0], &1000u32.to_le_bytes()[..]].concat()),
        "OW" | "SQ" => bytes.extend([&[0, 0], &(value.len() as u32).to_le_bytes()[..]].concat()),
        _ => bytes.extend((value.len() as u16).to_le_bytes()),
    }
    bytes.extend(value);
    bytes
}

/// A CT slice of 2 by 2 pixels, with `changes` in the place of the elements of the same tag, in
/// tag order.
pub(crate) fn slice_of(syntax: &[u8], changes: &[(u16, u16, &str, &[u8])]) -> Vec<u8> {
    let mut elements: Vec<(u16, u16, &str, &[u8])> = vec![
        (0x0008, 0x0008, "CS", b"ORIGINAL\\PRIMARY\\AXIAL"),
        (0x0008, 0x0060, "CS", b"CT"),
        (0x0020, 0x000E, "UI", b"1.2.3\0"),
        (0x0020, 0x0013, "IS", b" 7"),
        (0x0020, 0x0032, "DS", b"-1.5\\2\\3e1 "),
        (0x0020, 0x0037, "DS", b"1\\0\\0\\0\\1\\0 "),
        (0x0028, 0x0002, "US", &[1, 0]),
        (0x0028, 0x0010, "US", &[2, 0]),
        (0x0028, 0x0011, "US", &[2, 0]),
        (0x0028, 0x0030, "DS", b"0.5\\0.75"),
        (0x0028, 0x0100, "US", &[16, 0]),
        (0x0028, 0x0101, "US", &[16, 0]),
        (0x0028, 0x0103, "US", &[0, 0]),
        (0x0028, 0x1052, "DS", b"-1024 "),
        (0x0028, 0x1053, "DS", b"1 "),
        (0x7FE0, 0x0010, "OW", &[0; 8]),
    ];
    for change in changes {
        elements.retain(|element| (element.0, element.1) != (change.0, change.1));
        elements.push(*change);
    }
    elements.retain(|element| element.2 != "--");
    elements.sort_by_key(|element| (element.0, element.1));
    bytes_of(syntax, &elements)
}

/// The header of [`slice_of`].
pub(crate) fn header_of(syntax: &[u8], changes: &[(u16, u16, &str, &[u8])]) -> InstanceHeader {
    let bytes = Arc::new(slice_of(syntax, changes));
    let file = DicomFile::from_memory(bytes, &ParseOptions::default()).unwrap();
    InstanceHeader::from_dataset(PathBuf::from("a"), &file)
}

/// The Transfer Syntax of a header that is not compressed.
pub(crate) const NATIVE: &[u8] = b"1.2.840.10008.1.2.1\0";

/// The bytes of a file of `elements`, in tag order.
pub(crate) fn bytes_of(syntax: &[u8], elements: &[(u16, u16, &str, &[u8])]) -> Vec<u8> {
    let mut bytes = [&[0; 128][..], b"DICM", &element(0x0002, 0x0010, "UI", syntax)].concat();
    for (group, number, vr, value) in elements {
        bytes.extend(element(*group, *number, vr, value));
    }
    bytes
}

/// A file of `elements`, in tag order.
pub(crate) fn file_of(syntax: &[u8], elements: &[(u16, u16, &str, &[u8])]) -> DicomFile {
    let bytes = Arc::new(bytes_of(syntax, elements));
    DicomFile::from_memory(bytes, &ParseOptions::default()).unwrap()
}

/// The data set of [`file_of`].
pub(crate) fn dataset_of(elements: &[(u16, u16, &str, &[u8])]) -> Arc<Dataset> {
    Arc::clone(&file_of(NATIVE, elements).dataset)
}

/// A file with an element of the File Meta Information, and Modality.
pub(crate) fn file_with_meta((group, number, vr, value): (u16, u16, &str, &[u8])) -> DicomFile {
    let meta = element(group, number, vr, value);
    let syntax = element(0x0002, 0x0010, "UI", NATIVE);
    let modality = element(0x0008, 0x0060, "CS", b"CT");
    let bytes = [&[0; 128][..], b"DICM", &meta, &syntax, &modality].concat();
    DicomFile::from_memory(Arc::new(bytes), &ParseOptions::default()).unwrap()
}

/// A folder that is removed with its files.
pub(crate) struct Folder(pub PathBuf);

impl Folder {
    pub(crate) fn new(files: &[(&str, Vec<u8>)]) -> Folder {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("rapidicom-series-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir(&folder).unwrap();
        for (name, bytes) in files {
            fs::write(folder.join(name), bytes).unwrap();
        }
        Folder(folder)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
