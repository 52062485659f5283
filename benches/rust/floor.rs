//! The least that the work can cost on this machine: open and pread each header; each file's pixels
//! into one array.
//!
//! Usage: `floor DIR THREADS`, for a folder of slices of 512 x 512 x 16 bit whose files end with
//! the pixels. Prints seconds, each the median of 7: headers; volume as u16 into a warm buffer;
//! volume as f32 into fresh memory with huge pages, which is given back within the time. It knows
//! nothing of DICOM.

use std::{
    env,
    ffi::c_void,
    fs::File,
    hint::black_box,
    os::unix::fs::FileExt,
    path::PathBuf,
    ptr, slice,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Instant,
};

extern "C" {
    fn mmap(
        address: *mut c_void,
        length: usize,
        protection: i32,
        flags: i32,
        file: i32,
        offset: i64,
    ) -> *mut c_void;
    fn munmap(address: *mut c_void, length: usize) -> i32;
    fn madvise(address: *mut c_void, length: usize, advice: i32) -> i32;
}

const PIXELS: usize = 512 * 512;
const SLICE_LENGTH: usize = 2 * PIXELS;
/// As much of a file as holds the header of a CT slice.
const HEADER_LENGTH: usize = 8192;
const REPETITIONS: usize = 7;
/// Files that a thread takes at a time: few enough to share the work, enough not to contend for the
/// counter.
const STRIDE: usize = 8;
// From Linux's <sys/mman.h>: PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, MADV_HUGEPAGE.
const READ_WRITE: i32 = 3;
const PRIVATE_ANONYMOUS: i32 = 0x22;
const HUGE_PAGES: i32 = 14;

/// Calls `work` for every index below `count` on `threads` threads.
fn in_parallel(count: usize, threads: usize, work: impl Fn(usize) + Sync) {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let start = next.fetch_add(STRIDE, Ordering::Relaxed);
                    if start >= count {
                        break;
                    }
                    (start..(start + STRIDE).min(count)).for_each(&work);
                }
            });
        }
    });
}

/// Seconds that `work` takes, the median of `REPETITIONS`.
fn median_seconds(mut work: impl FnMut()) -> f64 {
    let mut seconds: Vec<f64> = (0..REPETITIONS)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    seconds[REPETITIONS / 2]
}

/// The address of fresh zeroed memory, for which huge pages are advised.
fn allocate(length: usize) -> usize {
    // SAFETY: an anonymous map of our own; a failure is caught before the address is used.
    unsafe {
        let address = mmap(ptr::null_mut(), length, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0);
        assert_ne!(address as isize, -1, "no memory for {length} bytes");
        madvise(address, length, HUGE_PAGES);
        address as usize
    }
}

/// Gives back what `allocate` gave.
fn release(address: usize, length: usize) {
    // SAFETY: called once for each `allocate`, with its length, after the last use.
    unsafe {
        munmap(address as *mut c_void, length);
    }
}

fn main() {
    let arguments: Vec<String> = env::args().collect();
    let threads: usize = arguments[2].parse().expect("THREADS is a number");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(&arguments[1])
        .expect("DIR is a folder")
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let count = paths.len();
    let offsets: Vec<u64> =
        paths.iter().map(|path| path.metadata().unwrap().len() - SLICE_LENGTH as u64).collect();

    let headers = median_seconds(|| {
        in_parallel(count, threads, |index| {
            let mut header = [0u8; HEADER_LENGTH];
            File::open(&paths[index]).unwrap().read_at(&mut header, 0).unwrap();
            black_box(&header);
        })
    });

    let length = SLICE_LENGTH * count;
    let warm = allocate(length);
    let fill = || {
        in_parallel(count, threads, |index| {
            // SAFETY: every index has its own `SLICE_LENGTH` bytes of the `length` that were
            // allocated.
            let stored = unsafe {
                slice::from_raw_parts_mut((warm + index * SLICE_LENGTH) as *mut u8, SLICE_LENGTH)
            };
            File::open(&paths[index]).unwrap().read_exact_at(stored, offsets[index]).unwrap();
        })
    };
    fill();
    let stored = median_seconds(fill);
    release(warm, length);

    let modality = median_seconds(|| {
        let fresh = allocate(2 * length);
        in_parallel(count, threads, |index| {
            // A read into memory that does not start at a multiple of 64 is several times slower.
            let mut buffer = vec![0u8; SLICE_LENGTH + 64];
            let start = buffer.as_ptr().align_offset(64);
            let stored = &mut buffer[start..start + SLICE_LENGTH];
            File::open(&paths[index]).unwrap().read_exact_at(stored, offsets[index]).unwrap();
            // SAFETY: every index has its own `PIXELS` floats of the `2 * length` bytes that were
            // allocated.
            let values = unsafe {
                slice::from_raw_parts_mut((fresh as *mut f32).add(index * PIXELS), PIXELS)
            };
            for (value, cell) in values.iter_mut().zip(stored.chunks_exact(2)) {
                *value = u16::from_le_bytes([cell[0], cell[1]]) as f32 - 1024.0;
            }
        });
        release(fresh, 2 * length);
    });

    println!("{headers:.5} {stored:.5} {modality:.5}");
}
