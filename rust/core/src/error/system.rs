//! What the operating system refused: whether that says something about a file, or about the
//! machine.
//!
//! A reader that takes a value which cannot be read for one that is missing would make a volume of
//! whatever the disk gave. So each refusal is noted for its thread as well as returned, and
//! [`watched`] work does not succeed after one, whoever passed it over.

use std::cell::Cell;
use std::io;

use super::kind::ErrorKind;
use super::located::{Error, Family, Result};

/// A refusal, small enough to be noted without memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    /// By its error number.
    Os(i32),
    /// The file is not what it was.
    Changed,
    /// There was no memory.
    NoMemory,
}

thread_local! {
    /// The first refusal since somebody began to watch.
    static REFUSAL: Cell<Option<Refusal>> = const { Cell::new(None) };
}

/// Notes what the system refused on this thread.
pub(super) fn note(error: &io::Error) {
    if let Some(number) = error.raw_os_error() {
        remember(Refusal::Os(number));
    }
}

/// Notes that a file is not what it was.
pub(crate) fn note_change() {
    remember(Refusal::Changed);
}

/// Notes that there was no memory.
pub(crate) fn note_no_memory() {
    remember(Refusal::NoMemory);
}

fn remember(refusal: Refusal) {
    if REFUSAL.get().is_none() {
        REFUSAL.set(Some(refusal));
    }
}

/// Does `work`. If the system refused something meanwhile on this thread, that is its error, also
/// where `work` went on without, and then missed something in the file.
///
/// # Errors
///
/// Those of `work`, and the first refusal that it passed over.
pub fn watched<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    let before = REFUSAL.take();
    let done = work();
    let refusal = REFUSAL.replace(before);
    let Some(refusal) = refusal else { return done };
    if let Err(error) = &done
        && matches!(error.family(), Family::Io | Family::Memory | Family::Cancelled)
    {
        return done;
    }
    Err(match refusal {
        Refusal::Os(number) => io::Error::from_raw_os_error(number).into(),
        Refusal::Changed => ErrorKind::FileChanged.into(),
        Refusal::NoMemory => ErrorKind::NoMemory.into(),
    })
}

impl Error {
    /// Whether the machine failed, not the file: it has no more descriptors or memory, or its disk
    /// cannot be read. Work on many files ends with that; what the system says about one path (it
    /// is not there, or may not be read) costs that path.
    pub(crate) fn is_of_machine(&self) -> bool {
        match self.kind() {
            ErrorKind::Io(error) => is_of_machine(error),
            ErrorKind::Fetch(fault) => fault.is_end,
            _ => self.family() == Family::Memory,
        }
    }
}

fn is_of_machine(error: &io::Error) -> bool {
    // What nobody has thought of here is taken for the worse.
    !matches!(
        error.kind(),
        io::ErrorKind::NotFound
            | io::ErrorKind::PermissionDenied
            | io::ErrorKind::IsADirectory
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::InvalidInput
            | io::ErrorKind::InvalidFilename
            | io::ErrorKind::InvalidData
            | io::ErrorKind::UnexpectedEof
            | io::ErrorKind::Unsupported
    ) && !is_of_path(error)
}

/// Whether an error number for which the standard library has no stable name is about one path.
#[cfg(unix)]
fn is_of_path(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(libc::ELOOP | libc::ENXIO | libc::ENODEV | libc::EOVERFLOW | libc::ETXTBSY)
    )
}

/// Likewise of Windows' error numbers: a file that another program holds, a name that cannot be, a
/// link that leads nowhere.
#[cfg(windows)]
fn is_of_path(error: &io::Error) -> bool {
    const SHARING_VIOLATION: i32 = 32;
    const LOCK_VIOLATION: i32 = 33;
    const INVALID_NAME: i32 = 123;
    const BAD_PATHNAME: i32 = 161;
    const CANT_ACCESS_FILE: i32 = 1920;
    const CANT_RESOLVE_FILENAME: i32 = 1921;
    matches!(
        error.raw_os_error(),
        Some(
            SHARING_VIOLATION
                | LOCK_VIOLATION
                | INVALID_NAME
                | BAD_PATHNAME
                | CANT_ACCESS_FILE
                | CANT_RESOLVE_FILENAME
        )
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn os(number: i32) -> Error {
        io::Error::from_raw_os_error(number).into()
    }

    #[cfg(unix)]
    #[test]
    fn the_machine_is_told_from_the_path() {
        for number in [
            libc::EMFILE,
            libc::ENFILE,
            libc::ENOMEM,
            libc::EINTR,
            libc::EAGAIN,
            libc::EIO,
            libc::ESTALE,
            libc::ETIMEDOUT,
            libc::ENOTCONN,
        ] {
            assert!(os(number).is_of_machine(), "{number}");
        }
        for number in [
            libc::ENOENT,
            libc::EACCES,
            libc::EPERM,
            libc::ENOTDIR,
            libc::EISDIR,
            libc::ELOOP,
            libc::ENAMETOOLONG,
        ] {
            assert!(!os(number).is_of_machine(), "{number}");
        }
    }

    #[cfg(windows)]
    #[test]
    fn the_machine_is_told_from_the_path_by_numbers_of_windows() {
        // No such file, no such path, access denied, and those that have no stable name.
        for number in [2, 3, 5, 32, 33, 123, 161, 1920, 1921] {
            assert!(!os(number).is_of_machine(), "{number}");
        }
        // Too many open files, no memory, a device that does not work.
        for number in [4, 8, 31, 1117] {
            assert!(os(number).is_of_machine(), "{number}");
        }
    }

    #[test]
    fn the_machine_is_told_from_the_file() {
        for (kind, expected) in [
            (ErrorKind::NoMemory, true),
            (ErrorKind::FileChanged, false),
            (ErrorKind::Cancelled, false),
            (ErrorKind::NotDeflated, false),
        ] {
            assert_eq!(Error::from(kind.clone()).is_of_machine(), expected, "{kind}");
        }
    }

    #[test]
    fn work_does_not_pass_over_what_the_system_refused() {
        assert_eq!(watched(|| Ok(7)).unwrap(), 7);
        let passed_over = watched(|| {
            drop(os(libc::EIO));
            Ok(())
        })
        .unwrap_err();
        assert!(matches!(passed_over.kind(), ErrorKind::Io(error)
            if error.raw_os_error() == Some(libc::EIO)));
        for (own, is_kept) in [
            (ErrorKind::NotDeflated, false),
            (ErrorKind::Cancelled, true),
            (ErrorKind::NoMemory, true),
        ] {
            let error = watched(|| -> Result<()> {
                note_change();
                Err(own.clone().into())
            });
            assert_eq!(!matches!(error.unwrap_err().kind(), ErrorKind::FileChanged), is_kept);
        }
        for (note, expected) in [
            (note_change as fn(), "the file was changed"),
            (note_no_memory, "the system has no more memory"),
        ] {
            let error = watched(|| {
                note();
                Ok(())
            })
            .unwrap_err();
            assert!(error.what().starts_with(expected), "{error}");
        }
        // What was noted before belongs to what was watched before.
        let outer = watched(|| {
            note_no_memory();
            watched(|| Ok(()))
        });
        assert!(matches!(outer.unwrap_err().kind(), ErrorKind::NoMemory));
        watched(|| Ok(())).unwrap();
    }
}
