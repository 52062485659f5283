//! Asking again for what the system does not have at the moment.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// Files and folders that are open here. They are open for one reading, so whoever lacks a
/// descriptor waits for those.
static HELD: AtomicUsize = AtomicUsize::new(0);
/// How long to wait while others hold descriptors: a frame may take a second to decode, and nobody
/// waits for longer than some seconds without a word.
const WHILE_HELD: Duration = Duration::from_secs(5);
/// How long where none of ours are open: those of the rest of the program, or of the machine, may
/// go back soon.
const ALONE: Duration = Duration::from_millis(100);
/// The first pause and the longest: reading a header takes some 10 us, a slice some 100 us.
const FIRST_PAUSE: Duration = Duration::from_micros(100);
const LONGEST_PAUSE: Duration = Duration::from_millis(20);

/// Counts a descriptor as long as it lives.
#[derive(Debug)]
pub(super) struct Held(());

impl Held {
    pub(super) fn new() -> Held {
        HELD.fetch_add(1, Ordering::Relaxed);
        Held(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        HELD.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Asks the system for something: again at once if a signal came between, and after a while if it
/// has no descriptors, so that a call goes on with fewer files at a time.
pub(super) fn patiently<T>(mut ask: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    match ask() {
        Err(error) => again(error, ask),
        done => done,
    }
}

#[cold]
fn again<T>(mut error: io::Error, mut ask: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    let (mut pause, mut waited) = (FIRST_PAUSE, Duration::ZERO);
    loop {
        if error.kind() != io::ErrorKind::Interrupted {
            let most = if HELD.load(Ordering::Relaxed) > 0 { WHILE_HELD } else { ALONE };
            if !may_pass(&error) || waited >= most {
                return Err(error);
            }
            thread::sleep(pause);
            waited += pause;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        match ask() {
            Err(next) => error = next,
            done => return done,
        }
    }
}

#[cfg(unix)]
fn may_pass(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE | libc::EAGAIN))
}

#[cfg(not(unix))]
fn may_pass(_error: &io::Error) -> bool {
    false
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn asked(errors: &[i32]) -> (usize, io::Result<()>) {
        let mut count = 0;
        let done = patiently(|| {
            count += 1;
            errors
                .get(count - 1)
                .map_or(Ok(()), |number| Err(io::Error::from_raw_os_error(*number)))
        });
        (count, done)
    }

    #[test]
    fn what_may_pass_is_asked_for_again() {
        use libc::{EACCES, EAGAIN, EINTR, EIO, EMFILE, ENFILE};
        for (errors, expected) in [
            (&[][..], 1),
            (&[EINTR; 9], 10),
            (&[EMFILE, ENFILE, EAGAIN], 4),
            (&[EMFILE, EINTR, EMFILE], 4),
        ] {
            let (count, done) = asked(errors);
            assert!(done.is_ok() && count == expected, "{errors:?} {count}");
        }
        for (errors, expected, number) in
            [(&[EIO][..], 1, EIO), (&[EACCES], 1, EACCES), (&[EMFILE, EINTR, EIO], 3, EIO)]
        {
            let (count, done) = asked(errors);
            assert_eq!((count, done.unwrap_err().raw_os_error()), (expected, Some(number)));
        }
    }

    #[test]
    fn what_does_not_pass_is_an_error_in_the_end() {
        let (count, done) = asked(&[libc::EMFILE; 1000]);
        assert!((5..1000).contains(&count), "{count}");
        assert_eq!(done.unwrap_err().raw_os_error(), Some(libc::EMFILE));
    }
}
