//! One piece of work on several threads: the parts of a frame, where no other frames are left to
//! decode beside it.
//!
//! The calling thread works too. Where the system refuses a thread, it goes on alone.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::error::{Error, ErrorKind, Result, watched};
use crate::memory::has_room_for_a_thread;

/// Runs `work` on the calling thread after it has started up to `more` threads with `help`.
fn with_help(more: usize, help: impl Fn() + Sync, work: impl FnOnce() -> Result<()>) -> Result<()> {
    if more == 0 {
        return work();
    }
    let help = &help;
    thread::scope(|scope| {
        for _ in 0..more {
            // Where one does not start, the next will not either.
            if !has_room_for_a_thread() || thread::Builder::new().spawn_scoped(scope, help).is_err()
            {
                break;
            }
        }
        work()
    })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Calls `item` once with each of `items`, on up to `threads` threads, each with a scratch of its
/// own.
///
/// # Errors
///
/// The first error in the order of the items. Later items may then be left out.
pub(crate) fn share<I: Send, S>(
    items: Vec<I>,
    threads: usize,
    new_scratch: impl Fn() -> S + Sync,
    item: impl Fn(&mut S, I) -> Result<()> + Sync,
) -> Result<()> {
    let more = threads.min(items.len()).saturating_sub(1);
    if more == 0 {
        let mut scratch = new_scratch();
        return items.into_iter().try_for_each(|one| item(&mut scratch, one));
    }
    let left = Mutex::new(items.into_iter().enumerate());
    let failed: Mutex<Option<(usize, Error)>> = Mutex::new(None);
    let work = || {
        let mut scratch = new_scratch();
        loop {
            // The lock is not held while the item is worked on.
            let next = lock(&left).next();
            let Some((index, one)) = next.filter(|_| lock(&failed).is_none()) else { return };
            if let Err(error) = watched(|| item(&mut scratch, one)) {
                let mut failed = lock(&failed);
                if failed.as_ref().is_none_or(|(first, _)| index < *first) {
                    *failed = Some((index, error));
                }
            }
        }
    };
    with_help(more, work, || {
        work();
        Ok(())
    })?;
    match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some((_, error)) => Err(error),
        None => Ok(()),
    }
}

/// What [`in_order`] has under way.
struct Under<T> {
    /// The next number that nobody has begun.
    next: usize,
    /// Numbers that were taken.
    taken: usize,
    ready: BTreeMap<usize, Result<T>>,
    is_over: bool,
}

/// Calls `make` with every number below `count` on up to `threads` threads, and `take` on the
/// calling one with what was made, in the order of the numbers. Few are made ahead of that.
///
/// # Errors
///
/// The first error of either, in the order of the numbers.
pub(crate) fn in_order<T: Send>(
    count: usize,
    threads: usize,
    make: impl Fn(usize) -> Result<T> + Sync,
    mut take: impl FnMut(T) -> Result<()>,
) -> Result<()> {
    let more = threads.min(count).saturating_sub(1);
    if more == 0 {
        return (0..count).try_for_each(|number| take(make(number)?));
    }
    let ahead = threads * 2;
    let state = Mutex::new(Under { next: 0, taken: 0, ready: BTreeMap::new(), is_over: false });
    let changed = Condvar::new();
    let may_begin =
        |state: &Under<T>| state.next < count && state.next < state.taken.saturating_add(ahead);
    let begin = |mut state: MutexGuard<'_, Under<T>>, shared: &Mutex<Under<T>>| {
        let number = state.next;
        state.next += 1;
        drop(state);
        let over = Over { shared, changed: &changed };
        let made = watched(|| make(number));
        std::mem::forget(over);
        lock(shared).ready.insert(number, made);
        changed.notify_all();
    };
    let help = || {
        loop {
            let mut now = lock(&state);
            while !now.is_over && now.next < count && !may_begin(&now) {
                now = changed.wait(now).unwrap_or_else(PoisonError::into_inner);
            }
            if now.is_over || now.next >= count {
                return;
            }
            begin(now, &state);
        }
    };
    with_help(more, help, || {
        let over = Over { shared: &state, changed: &changed };
        for number in 0..count {
            let made = loop {
                let mut now = lock(&state);
                if let Some(made) = now.ready.remove(&number) {
                    now.taken = number + 1;
                    changed.notify_all();
                    break made;
                }
                if now.is_over {
                    return Err(ErrorKind::Cancelled.into());
                }
                if may_begin(&now) {
                    begin(now, &state);
                } else {
                    drop(changed.wait(now).unwrap_or_else(PoisonError::into_inner));
                }
            };
            take(made?)?;
        }
        drop(over);
        Ok(())
    })
}

/// Ends the waiting of all others when its thread is done, or panics.
struct Over<'s, T> {
    shared: &'s Mutex<Under<T>>,
    changed: &'s Condvar,
}

impl<T> Drop for Over<'_, T> {
    fn drop(&mut self) {
        lock(self.shared).is_over = true;
        self.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    fn refused(number: usize) -> Error {
        ErrorKind::TooMany { limit: number }.into()
    }

    #[test]
    fn every_item_is_worked_on_once() {
        for threads in [0, 1, 2, 5] {
            for count in [0, 1, 7, 300] {
                let seen: Vec<_> = (0..count).map(|_| AtomicUsize::new(0)).collect();
                share(
                    (0..count).collect(),
                    threads,
                    || (),
                    |(), index: usize| {
                        seen[index].fetch_add(1, Ordering::Relaxed);
                        Ok(())
                    },
                )
                .unwrap();
                assert!(seen.iter().all(|times| times.load(Ordering::Relaxed) == 1), "{threads}");
            }
        }
    }

    #[test]
    fn the_first_error_of_the_items_is_returned() {
        for threads in [1, 4] {
            let fail = |(): &mut (), number: usize| match number {
                3 | 9 => Err(refused(number)),
                _ => Ok(()),
            };
            let error = share((0..20).collect(), threads, || (), fail).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::TooMany { limit: 3 }), "{error}");
        }
    }

    #[test]
    fn what_is_made_is_taken_in_order_and_not_far_ahead() {
        for threads in [1, 2, 4] {
            for count in [0, 1, 2, 50] {
                let (made, mut taken) = (AtomicUsize::new(0), Vec::new());
                let most = AtomicUsize::new(0);
                let make = |number: usize| {
                    // The later ones are often ready first.
                    thread::sleep(Duration::from_micros(100 * (number as u64 % 3)));
                    made.fetch_add(1, Ordering::SeqCst);
                    Ok(number)
                };
                in_order(count, threads, make, |number| {
                    most.fetch_max(made.load(Ordering::SeqCst) - taken.len(), Ordering::SeqCst);
                    taken.push(number);
                    Ok(())
                })
                .unwrap();
                assert!(taken.iter().copied().eq(0..count), "{threads} threads");
                assert!(most.into_inner() <= threads * 2 + threads, "{threads} threads");
            }
        }
    }

    #[test]
    fn an_error_ends_what_is_made_and_taken() {
        for threads in [1, 2, 4] {
            let make = |number: usize| match number {
                5 | 6 => Err(refused(number)),
                _ => Ok(number),
            };
            let error = in_order(100, threads, make, |_| Ok(())).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::TooMany { limit: 5 }), "{error}");
            let take = |number: usize| if number == 2 { Err(refused(2)) } else { Ok(()) };
            let error = in_order(100, threads, Ok, take).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::TooMany { limit: 2 }), "{error}");
        }
    }
}
