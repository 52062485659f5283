//! Files on disk, for the doors that take paths.

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

/// The folder of this process in that for temporary files, which `run.sh` puts into memory and
/// deletes.
fn folder() -> &'static PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = std::env::temp_dir().join(format!("rapidicom-fuzz-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("the folder for temporary files can be written to");
        folder
    })
}

/// Writes a file with these bytes, in the place of that of an earlier run.
pub fn put(number: usize, bytes: &[u8]) -> PathBuf {
    let path = folder().join(format!("{number:02}"));
    fs::write(&path, bytes).expect("the folder for temporary files can be written to");
    path
}
