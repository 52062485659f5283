//! Whether the times of a file prove that it was not changed since.
//!
//! A clock of a file system has ticks: a change within the tick of the one before leaves the same
//! time. So a time proves something only once its tick is over.

use std::path::PathBuf;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::source::FileState;

/// How much older than now a modification time must be. Programs set it in coarse steps, FAT keeps
/// it in steps of two seconds, and no file system in longer ones.
const MODIFIED_NS: i64 = 2_000_000_000;

/// The longest tick of the clock that Linux keeps change times by is 10 ms; twice that.
const TICK_NS: i64 = 20_000_000;

const SECOND_NS: i64 = 1_000_000_000;

/// Nanoseconds since 1970.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now(i64);

impl Now {
    /// What the clock shows; long ago if it shows nothing, so that no time proves anything.
    pub(super) fn new() -> Now {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).ok();
        Now(now.and_then(|now| i64::try_from(now.as_nanos()).ok()).unwrap_or(0))
    }

    /// Whether a change from now on gives a file of this state another one.
    fn proves(self, state: &FileState) -> bool {
        self.is_modification_over(state)
            && state.changed_ns < self.0.saturating_sub(Self::tick(state))
    }

    /// Whether only the tick of its change time is not over yet.
    fn needs_a_tick(self, state: &FileState) -> bool {
        self.is_modification_over(state)
            && Self::tick(state) == TICK_NS
            && !self.proves(state)
            && state.changed_ns <= self.0
    }

    fn is_modification_over(self, state: &FileState) -> bool {
        state.modified_ns < self.0.saturating_sub(MODIFIED_NS)
    }

    fn tick(state: &FileState) -> i64 {
        // Of a file system that counts whole seconds, or two.
        if state.changed_ns % SECOND_NS == 0 { MODIFIED_NS } else { TICK_NS }
    }
}

/// Forgets the states that prove nothing. `now` was before they were asked for.
///
/// Files that were unpacked or copied with their times have an old modification time and were
/// changed a moment ago: for them it waits one tick, and asks again.
pub(super) fn settle(paths: &[PathBuf], states: &mut [Option<FileState>], now: Now) {
    let mut fresh = Vec::new();
    for (index, state) in states.iter_mut().enumerate() {
        if state.is_some_and(|state| now.needs_a_tick(&state)) {
            fresh.push(index);
        }
        *state = state.filter(|state| now.proves(state));
    }
    if fresh.is_empty() {
        return;
    }
    thread::sleep(Duration::from_nanos(TICK_NS.unsigned_abs()));
    let now = Now::new();
    for index in fresh {
        if let (Some(state), Some(path)) = (states.get_mut(index), paths.get(index)) {
            *state = FileState::of(path).filter(|state| now.proves(state));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Now = Now(1_700_000_000_500_000_000);

    #[test]
    fn a_time_proves_something_once_its_tick_is_over() {
        const MS: i64 = 1_000_000;
        for (name, modified, changed, proves, needs_a_tick) in [
            ("old", 5000 * MS, 4000 * MS, true, false),
            ("no change time", 5000 * MS, NOW.0, true, false),
            ("just modified", 100 * MS, 100 * MS, false, false),
            ("modified in this tick", 1, 1, false, false),
            ("modification time set back", 5000 * MS, 10 * MS, false, true),
            ("set back some ticks ago", 5000 * MS, 21 * MS, true, false),
            ("whole seconds", 5000 * MS, 1500 * MS, false, false),
            ("whole seconds, settled", 5000 * MS, 2500 * MS, true, false),
            ("modified in the future", -1, 4001 * MS, false, false),
            ("changed in the future", 5000 * MS, -100 * MS, false, false),
        ] {
            let state = FileState {
                length: 1,
                modified_ns: NOW.0 - modified,
                changed_ns: NOW.0 - changed,
                file_id: 1,
            };
            assert_eq!(NOW.proves(&state), proves, "{name}");
            assert_eq!(NOW.needs_a_tick(&state), needs_a_tick, "{name}");
        }
    }

    #[test]
    fn a_file_that_was_changed_a_moment_ago_is_waited_for() {
        let path = std::env::temp_dir().join(format!("rapidicom-settled-{}", std::process::id()));
        std::fs::write(&path, b"1").unwrap();
        let file = std::fs::File::options().write(true).open(&path).unwrap();
        let now = Now::new();
        let ask = || [FileState::of(&path)];
        let mut states = ask();
        settle(std::slice::from_ref(&path), &mut states, now);
        assert_eq!(states, [None], "modified just now");
        file.set_modified(UNIX_EPOCH + Duration::from_secs(1_600_000_000)).unwrap();
        let (now, mut states) = (Now::new(), ask());
        settle(std::slice::from_ref(&path), &mut states, now);
        assert_eq!(states, ask());
        std::fs::remove_file(&path).unwrap();
        let mut states = [None];
        settle(&[path], &mut states, Now(0));
        assert_eq!(states, [None]);
    }
}
