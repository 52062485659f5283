//! The allocator, with a reserve for when the system has no more memory.
//!
//! Rust ends the process where a small allocation fails, and Python programs expect a
//! `MemoryError`. So small ones that the system refuses come out of a reserve, the work sees by
//! [`rapidicom_core::is_memory_short`] that it lives on it, and stops with an error; what is large
//! is asked for where a refusal is an error at once.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::UnsafeCell;
use std::ptr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rapidicom_core::{give_up_cushion, set_memory_short};

/// Bytes of address space; pages of it exist from their first use on.
const RESERVE: usize = 8 << 20;
/// What is larger is refused: it would use up what the way to the error needs.
const LARGEST: usize = 1 << 20;

#[global_allocator]
static ALLOCATOR: WithReserve = WithReserve {
    room: Room(UnsafeCell::new([0; RESERVE])),
    taken: Mutex::new(Taken { live: [0; RESERVE / PAGE], total: 0, page: 0, used: 0 }),
};

struct WithReserve {
    room: Room,
    taken: Mutex<Taken>,
}

#[repr(align(4096))]
struct Room(UnsafeCell<[u8; RESERVE]>);

/// The room is handed out by pages, so that a block that stays costs no more than its own.
const PAGE: usize = 4096;

/// What of the room is handed out.
struct Taken {
    /// Blocks that begin in each page, or go on in it.
    live: [u16; RESERVE / PAGE],
    /// Blocks in all.
    total: usize,
    /// Where small blocks are taken from: a page, and how much of it has been handed out.
    page: usize,
    used: usize,
}

impl Taken {
    /// Where in the room a new block begins; `None` if there is no place for it.
    fn place(&mut self, layout: Layout) -> Option<usize> {
        let begin = self.used.next_multiple_of(layout.align());
        let is_in_page = begin + layout.size() <= PAGE && self.used > 0;
        let (first, begin) =
            if is_in_page { (self.page, begin) } else { (self.free(layout.size())?, 0) };
        for live in self.pages(first, begin + layout.size())? {
            *live += 1;
        }
        if is_in_page || layout.size() < PAGE {
            (self.page, self.used) = (first, begin + layout.size().max(1));
        }
        self.total += 1;
        Some(first * PAGE + begin)
    }

    /// The first of as many pages in a row as `size` bytes take, of which nothing is in use.
    fn free(&self, size: usize) -> Option<usize> {
        let count = size.div_ceil(PAGE).max(1);
        let mut run = 0;
        let last = self.live.iter().position(|live| {
            run = if *live == 0 { run + 1 } else { 0 };
            run == count
        })?;
        Some(last + 1 - count)
    }

    /// Ends a block that begins at `start` in the room.
    fn end(&mut self, start: usize, size: usize) {
        for live in self.pages(start / PAGE, start % PAGE + size).into_iter().flatten() {
            *live -= 1;
        }
        self.total -= 1;
        if self.live.get(self.page) == Some(&0) {
            self.used = 0;
        }
    }

    fn pages(&mut self, first: usize, size: usize) -> Option<&mut [u16]> {
        self.live.get_mut(first..first + size.div_ceil(PAGE).max(1))
    }
}

#[allow(unsafe_code, reason = "an allocator hands out memory by its address")]
// SAFETY: the room is handed out in pieces that do not overlap (`Taken` is behind a lock), and
// nobody else reads or writes it.
unsafe impl Sync for Room {}

impl WithReserve {
    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start(&self) -> *mut u8 {
        self.room.0.get().cast()
    }

    fn has(&self, pointer: *mut u8) -> bool {
        (pointer as usize).wrapping_sub(self.start() as usize) < RESERVE
    }

    #[cold]
    fn take(&self, layout: Layout) -> *mut u8 {
        if layout.size() > LARGEST || layout.align() > PAGE {
            return ptr::null_mut();
        }
        set_memory_short(true);
        match self.taken().place(layout) {
            Some(start) => self.start().wrapping_add(start),
            None => ptr::null_mut(),
        }
    }

    #[cold]
    fn give_back(&self, block: *mut u8, size: usize) {
        let mut taken = self.taken();
        taken.end((block as usize).wrapping_sub(self.start() as usize), size);
        if taken.total == 0 {
            set_memory_short(false);
        }
    }
}

#[allow(unsafe_code, reason = "the interface of allocators is unsafe")]
impl WithReserve {
    /// A block for what the system refused: out of the reserve, or the system's after all where
    /// some work holds room that it can do without.
    ///
    /// # Safety
    ///
    /// As [`GlobalAlloc::alloc`].
    #[cold]
    unsafe fn find(&self, layout: Layout) -> *mut u8 {
        let mut block = self.take(layout);
        while block.is_null() && give_up_cushion() {
            // SAFETY: the caller's promise about `layout` is passed on.
            block = unsafe { System.alloc(layout) };
        }
        block
    }
}

#[allow(unsafe_code, reason = "the interface of allocators is unsafe")]
// SAFETY: each block is the system's, or a piece of the room that is aligned, as large as asked for
// and no part of another piece that lives; each goes back to where it came from. Nothing here
// panics or allocates: the lock is a futex.
unsafe impl GlobalAlloc for WithReserve {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise about `layout` is passed on, twice.
        unsafe {
            let block = System.alloc(layout);
            if block.is_null() { self.find(layout) } else { block }
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        let mut block = unsafe { System.alloc_zeroed(layout) };
        if block.is_null() {
            // SAFETY: as above. What comes is ours alone, that long, and was perhaps used before.
            unsafe {
                block = self.find(layout);
                if !block.is_null() {
                    block.write_bytes(0, layout.size());
                }
            }
        }
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if self.has(block) {
            self.give_back(block, layout.size());
        } else {
            // SAFETY: what is not of the room came from the system with this layout.
            unsafe { System.dealloc(block, layout) }
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if !self.has(block) {
            // SAFETY: the block came from the system with this layout.
            let moved = unsafe { System.realloc(block, layout, size) };
            if !moved.is_null() {
                return moved;
            }
        }
        // SAFETY: the caller promises that `size` makes a layout with this alignment.
        let wanted = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        // SAFETY: as for the first. A block out of the room goes back to the system's if it can.
        let moved = unsafe { self.alloc(wanted) };
        if !moved.is_null() {
            // SAFETY: both are at least that long, and apart: one is live, the other is new.
            unsafe {
                ptr::copy_nonoverlapping(block, moved, layout.size().min(size));
                self.dealloc(block, layout);
            }
        }
        moved
    }
}
