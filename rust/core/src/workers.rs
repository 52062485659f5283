//! The same work for many files, on several threads.
//!
//! Threads live for one call only. Starting one costs some 20 us, which the calls that come here do
//! not notice, and a process that forks (a DataLoader worker) has no pool to inherit in a broken
//! state.

mod share;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind, Result, watched};
use crate::memory::{check_memory, has_room_for_a_thread};

pub(crate) use share::{in_order, share};

/// How often the calling thread looks up: a tenth of a second is promised for Ctrl-C, so half of
/// that.
pub(crate) const TICK: Duration = Duration::from_millis(50);
/// Headers a thread takes at once: enough that the counter is not contended, few enough to share
/// out the end evenly. What is computed takes so long that the counter does not matter.
const CHUNK: usize = 4;
/// A header from the page cache takes 10 us. Ten times that means that the thread waited for a
/// disk.
const WAITED: Duration = Duration::from_micros(100);
/// Threads in all when they wait: measured on a cold page cache, 8 threads on 2 cores are as fast
/// as 32.
const WAITING_FACTOR: usize = 4;

/// How many threads to use.
#[derive(Clone, Copy, Debug)]
pub struct Workers {
    initial: usize,
    most: usize,
    chunk: usize,
}

impl Workers {
    /// As many threads as asked for, or as there are cores.
    pub fn for_computing(asked: Option<usize>) -> Workers {
        let count = asked.unwrap_or_else(cores).max(1);
        Workers { initial: count, most: count, chunk: 1 }
    }

    /// As many threads as asked for; or as there are cores and, as soon as they are seen to wait,
    /// more.
    pub fn for_headers(asked: Option<usize>) -> Workers {
        match asked {
            Some(_) => Workers { chunk: CHUNK, ..Workers::for_computing(asked) },
            None => Workers { initial: cores(), most: cores() * WAITING_FACTOR, chunk: CHUNK },
        }
    }

    /// Threads for each of `count` items that are computed at the same time: what would be idle if
    /// each had one.
    pub(crate) fn beside(self, count: usize) -> usize {
        (self.initial / count.max(1)).max(1)
    }

    /// The threads to start with.
    pub fn count(self) -> usize {
        self.initial
    }
}

fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Called on the calling thread about every 50 ms with the number of items that are done; `false`
/// stops the work.
pub type Tick<'a> = &'a mut dyn FnMut(usize) -> bool;

/// Calls `item` with every number below `count`, each on one of the `workers` threads with a
/// scratch of that thread's own.
///
/// # Errors
///
/// [`ErrorKind::Cancelled`] if `tick` returned `false`, [`ErrorKind::NoMemory`] if the process came
/// to live on the reserve of its allocator; items that were not begun are left out.
///
/// # Examples
///
/// ```
/// use std::sync::atomic::{AtomicUsize, Ordering};
///
/// use rapidicom_core::{Workers, for_each};
///
/// let sum = AtomicUsize::new(0);
/// let add = |_: &mut (), index: usize| {
///     sum.fetch_add(index, Ordering::Relaxed);
/// };
/// for_each(5, Workers::for_computing(Some(2)), &mut |_| true, || (), add)?;
/// assert_eq!(sum.into_inner(), 0 + 1 + 2 + 3 + 4);
/// # Ok::<(), rapidicom_core::Error>(())
/// ```
pub fn for_each<S>(
    count: usize,
    workers: Workers,
    tick: Tick<'_>,
    new_scratch: impl Fn() -> S + Sync,
    item: impl Fn(&mut S, usize) + Sync,
) -> Result<()> {
    let initial = workers.initial.min(count);
    // A thread for one item would only make the caller wait for it.
    if workers.most.min(count) <= 1 {
        return alone(count, tick, new_scratch(), item);
    }
    let job = Job {
        count,
        next: AtomicUsize::new(0),
        done: AtomicUsize::new(0),
        stopped: AtomicBool::new(false),
        lacked_memory: AtomicBool::new(false),
        running: Mutex::new(0),
        ended: Condvar::new(),
        most: workers.most.min(count),
        chunk: workers.chunk,
        new_scratch,
        item,
    };
    let mut started = 0;
    thread::scope(|scope| {
        // Where one does not start, the next will not either.
        while started < initial && job.start(scope) {
            started += 1;
        }
        if started == 0 {
            return;
        }
        let mut running = job.running.lock().unwrap_or_else(PoisonError::into_inner);
        while *running > 0 {
            let (guard, timeout) =
                job.ended.wait_timeout(running, TICK).unwrap_or_else(PoisonError::into_inner);
            running = guard;
            if timeout.timed_out() {
                drop(running);
                if !tick(job.done.load(Ordering::Relaxed)) {
                    job.stopped.store(true, Ordering::Relaxed);
                }
                running = job.running.lock().unwrap_or_else(PoisonError::into_inner);
            }
        }
    });
    if started == 0 {
        // The system grants no thread (a limit of a container, no address space for a stack).
        return alone(count, tick, (job.new_scratch)(), job.item);
    }
    if job.lacked_memory.into_inner() {
        return Err(ErrorKind::NoMemory.into());
    }
    finish(tick, job.done.into_inner(), job.stopped.into_inner())
}

/// Calls `item` with every one of `targets` and its index, as [`for_each`] does, to fill it.
///
/// # Errors
///
/// As [`for_each`]; or the first error in the order of the targets, so that the same files give the
/// same each time. Later targets may then be unfilled.
pub(crate) fn fill_each<S>(
    targets: Vec<&mut [u8]>,
    workers: Workers,
    tick: Tick<'_>,
    new_scratch: impl Fn() -> S + Sync,
    item: impl Fn(&mut S, usize, &mut [u8]) -> Result<()> + Sync,
) -> Result<()> {
    let targets: Vec<_> = targets.into_iter().map(|target| Mutex::new(Some(target))).collect();
    let failed: Mutex<Option<(usize, Error)>> = Mutex::new(None);
    for_each(targets.len(), workers, tick, new_scratch, |scratch, index| {
        let target = targets
            .get(index)
            .and_then(|target| target.lock().unwrap_or_else(PoisonError::into_inner).take());
        let failed = || failed.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(target) =
            target.filter(|_| failed().as_ref().is_none_or(|(first, _)| *first >= index))
        else {
            return;
        };
        if let Err(error) = watched(|| item(scratch, index, target)) {
            let mut failed = failed();
            if failed.as_ref().is_none_or(|(first, _)| index < *first) {
                *failed = Some((index, error));
            }
        }
    })?;
    match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some((_, error)) => Err(error),
        None => Ok(()),
    }
}

fn alone<S>(
    count: usize,
    tick: Tick<'_>,
    mut scratch: S,
    item: impl Fn(&mut S, usize),
) -> Result<()> {
    let mut looked_up = Instant::now();
    for index in 0..count {
        check_memory()?;
        item(&mut scratch, index);
        if looked_up.elapsed() >= TICK {
            looked_up = Instant::now();
            if !tick(index + 1) {
                return Err(ErrorKind::Cancelled.into());
            }
        }
    }
    finish(tick, count, false)
}

fn finish(tick: Tick<'_>, done: usize, was_stopped: bool) -> Result<()> {
    if was_stopped || !tick(done) { Err(ErrorKind::Cancelled.into()) } else { Ok(()) }
}

struct Job<N, F> {
    count: usize,
    next: AtomicUsize,
    done: AtomicUsize,
    stopped: AtomicBool,
    /// Items were left out because there was no memory for them.
    lacked_memory: AtomicBool,
    running: Mutex<usize>,
    ended: Condvar,
    most: usize,
    chunk: usize,
    new_scratch: N,
    item: F,
}

impl<S, N: Fn() -> S + Sync, F: Fn(&mut S, usize) + Sync> Job<N, F> {
    /// Starts one more thread; `false` if there are enough, or the system refuses.
    fn start<'scope>(&'scope self, scope: &'scope thread::Scope<'scope, '_>) -> bool {
        {
            let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
            if *running >= self.most {
                return false;
            }
            *running += 1;
        }
        // Counts the thread out even if `item` panics or no thread takes it, so that the caller
        // never waits for nobody.
        let ended = Ended(self);
        let work = move || {
            let _ended = ended;
            let mut scratch = (self.new_scratch)();
            loop {
                let first = self.next.fetch_add(self.chunk, Ordering::Relaxed);
                if first >= self.count || self.stopped.load(Ordering::Relaxed) {
                    return;
                }
                let began = Instant::now();
                let last = (first + self.chunk).min(self.count);
                for index in first..last {
                    if check_memory().is_err() {
                        self.lacked_memory.store(true, Ordering::Relaxed);
                        self.stopped.store(true, Ordering::Relaxed);
                    }
                    if self.stopped.load(Ordering::Relaxed) {
                        return;
                    }
                    (self.item)(&mut scratch, index);
                    self.done.fetch_add(1, Ordering::Relaxed);
                }
                if began.elapsed() > WAITED * self.chunk as u32 {
                    self.start(scope);
                }
            }
        };
        has_room_for_a_thread() && thread::Builder::new().spawn_scoped(scope, work).is_ok()
    }
}

struct Ended<'a, N, F>(&'a Job<N, F>);

impl<N, F> Drop for Ended<'_, N, F> {
    fn drop(&mut self) {
        *self.0.running.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        self.0.ended.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_done_once_on_any_number_of_threads() {
        for workers in [
            Workers::for_computing(Some(1)),
            Workers::for_computing(Some(3)),
            Workers::for_headers(None),
        ] {
            for count in [0, 1, 2, 7, 1000] {
                let seen: Vec<_> = (0..count).map(|_| AtomicUsize::new(0)).collect();
                let add = |_: &mut (), index: usize| {
                    seen[index].fetch_add(1, Ordering::Relaxed);
                };
                for_each(count, workers, &mut |_| true, || (), add).unwrap();
                assert!(
                    seen.iter().all(|times| times.load(Ordering::Relaxed) == 1),
                    "{workers:?} {count}"
                );
            }
        }
    }

    #[test]
    fn waiting_items_get_more_threads() {
        let most = AtomicUsize::new(0);
        let now = AtomicUsize::new(0);
        let wait = |_: &mut (), _| {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            thread::sleep(Duration::from_millis(2));
            now.fetch_sub(1, Ordering::SeqCst);
        };
        for_each(200, Workers { initial: 1, most: 4, chunk: CHUNK }, &mut |_| true, || (), wait)
            .unwrap();
        assert_eq!(most.into_inner(), 4);
    }

    #[test]
    fn a_stop_is_obeyed_at_once() {
        for workers in [1, 2] {
            let begun = AtomicUsize::new(0);
            let wait = |_: &mut (), _| {
                begun.fetch_add(1, Ordering::Relaxed);
                thread::sleep(Duration::from_millis(5));
            };
            let error = for_each(
                10_000,
                Workers::for_computing(Some(workers)),
                &mut |_| false,
                || (),
                wait,
            )
            .unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Cancelled));
            assert!(begun.into_inner() < 10_000, "items are left out");
        }
    }

    #[test]
    fn the_first_error_in_order_is_the_one_that_is_returned() {
        for threads in [1, 4] {
            let mut bytes = [0; 20];
            let targets: Vec<_> = bytes.chunks_exact_mut(2).collect();
            let workers = Workers::for_computing(Some(threads));
            let fill = |_: &mut (), index: usize, target: &mut [u8]| {
                target.fill(index as u8);
                match index {
                    3 | 7 => Err(ErrorKind::TooMany { limit: index }.into()),
                    _ => Ok(()),
                }
            };
            let error = fill_each(targets, workers, &mut |_| true, || (), fill).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::TooMany { limit: 3 }), "{error}");
            // All before it are filled.
            assert_eq!(bytes[..8], [0, 0, 1, 1, 2, 2, 3, 3], "{threads} threads");
        }
    }

    #[test]
    fn every_target_is_filled() {
        let mut bytes = vec![9; 6];
        let targets: Vec<_> = bytes.chunks_exact_mut(2).collect();
        let mut done = 0;
        let fill = |_: &mut (), index: usize, target: &mut [u8]| {
            target.fill(index as u8);
            Ok(())
        };
        let mut tick = |count| {
            done = count;
            true
        };
        fill_each(targets, Workers::for_computing(Some(2)), &mut tick, || (), fill).unwrap();
        assert_eq!((bytes, done), (vec![0, 0, 1, 1, 2, 2], 3));
    }

    #[test]
    fn threads_that_have_no_item_help_with_others() {
        for (threads, count, expected) in
            [(1, 1, 1), (4, 1, 4), (4, 2, 2), (4, 3, 1), (4, 200, 1), (8, 0, 8)]
        {
            let workers = Workers::for_computing(Some(threads));
            assert_eq!(workers.beside(count), expected, "{count} items, {threads} threads");
        }
    }

    #[test]
    fn at_least_one_thread_works() {
        assert_eq!(Workers::for_computing(Some(0)).count(), 1);
        assert_eq!(Workers::for_computing(Some(3)).count(), 3);
        assert_eq!(Workers::for_headers(Some(2)).count(), 2);
        assert_eq!(Workers::for_computing(None).count(), cores());
        assert_eq!(Workers::for_headers(None).count(), cores());
        assert!(Workers::for_headers(None).most > cores());
    }
}
