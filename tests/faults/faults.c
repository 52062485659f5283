/* Makes the n-th request of the native module to the system fail.
 *
 * Loaded before the C library (LD_PRELOAD). Only calls that come from the native module count, so
 * that the interpreter and the libraries beside it live on; `faults_arm` says which call fails, from
 * Python by ctypes.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>

/* LARGE: an allocation of more than the reserve of the module's allocator hands out at once. SHORT: a
 * read gives half of what it could; END: nothing, as at the end of the file. */
enum kind { ALLOCATION, LARGE, THREAD, OPEN, READ, SHORT, END, MAP, STATE, FOLDER, ENTRY, KINDS };
#ifndef LARGEST
#define LARGEST (1 << 20)
#endif

static uintptr_t module_start, module_end;
static atomic_long countdown[KINDS];
static atomic_int armed[KINDS], error_number[KINDS], stays[KINDS];
static atomic_long seen[KINDS];

/* From now on the `nth` call of `kind` fails with `error`, and all after it if `for_ever`. */
void faults_arm(int kind, long nth, int error, int for_ever, uintptr_t start, uintptr_t end) {
    module_start = start;
    module_end = end;
    error_number[kind] = error;
    stays[kind] = for_ever;
    seen[kind] = 0;
    countdown[kind] = nth;
    armed[kind] = 1;
}

/* Ends it; returns how many calls there were. */
long faults_disarm(int kind) {
    armed[kind] = 0;
    return seen[kind];
}

static int fails(enum kind kind, void *caller) {
    uintptr_t place = (uintptr_t)caller;
    if (!armed[kind] || place < module_start || place >= module_end) return 0;
    seen[kind]++;
    long left = atomic_fetch_sub(&countdown[kind], 1);
    if (left != 1 && !(stays[kind] && left < 1 && left > -1000000000)) return 0;
    errno = error_number[kind];
    return 1;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define CALLER __builtin_return_address(0)

/* The C library's own allocator under its other names: dlsym itself allocates. */
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

/* Before a thread starts, the module asks for much memory, to see whether there is some, and Rust's
 * library then for a handle, without which it ends the process: who grants the one grants both. */
enum { ROOM_FOR_A_THREAD = 65 << 20, HANDLE = 48 };
static _Thread_local int granted_room;

static int is_refused(size_t size, void *caller) {
    return fails(ALLOCATION, caller) || (size > LARGEST && fails(LARGE, caller));
}

void *malloc(size_t size) {
    if (size == HANDLE && granted_room) {
        granted_room = 0;
        return __libc_malloc(size);
    }
    if (is_refused(size, CALLER)) return NULL;
    if (size == ROOM_FOR_A_THREAD) granted_room = 1;
    return __libc_malloc(size);
}
void *calloc(size_t count, size_t size) {
    return is_refused(count * size, CALLER) ? NULL : __libc_calloc(count, size);
}
void *realloc(void *old, size_t size) {
    return is_refused(size, CALLER) ? NULL : __libc_realloc(old, size);
}
int posix_memalign(void **out, size_t alignment, size_t size) {
    if (is_refused(size, CALLER)) return ENOMEM;
    *out = __libc_memalign(alignment, size);
    return *out ? 0 : ENOMEM;
}

int pthread_create(pthread_t *thread, const pthread_attr_t *how, void *(*run)(void *), void *of) {
    if (fails(THREAD, CALLER)) return error_number[THREAD];
    return NEXT(pthread_create)(thread, how, run, of);
}

static mode_t mode_of(int flags, va_list rest) {
    return flags & (O_CREAT | __O_TMPFILE) ? va_arg(rest, mode_t) : 0;
}
int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = mode_of(flags, rest);
    va_end(rest);
    return fails(OPEN, CALLER) ? -1 : NEXT(open64)(path, flags, mode);
}
int open(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = mode_of(flags, rest);
    va_end(rest);
    return fails(OPEN, CALLER) ? -1 : NEXT(open)(path, flags, mode);
}

ssize_t pread64(int file, void *buffer, size_t count, off64_t offset) {
    void *caller = CALLER;
    if (fails(READ, caller)) return -1;
    if (fails(END, caller)) return 0;
    if (count > 1 && fails(SHORT, caller)) count /= 2;
    return NEXT(pread64)(file, buffer, count, offset);
}

void *mmap64(void *at, size_t length, int rights, int flags, int file, off64_t offset) {
    if (fails(MAP, CALLER)) return MAP_FAILED;
    return NEXT(mmap64)(at, length, rights, flags, file, offset);
}

int fstat64(int file, struct stat64 *state) {
    return fails(STATE, CALLER) ? -1 : NEXT(fstat64)(file, state);
}
int stat64(const char *path, struct stat64 *state) {
    return fails(STATE, CALLER) ? -1 : NEXT(stat64)(path, state);
}
int statx(int folder, const char *path, int flags, unsigned mask, struct statx *state) {
    return fails(STATE, CALLER) ? -1 : NEXT(statx)(folder, path, flags, mask, state);
}

DIR *opendir(const char *path) { return fails(FOLDER, CALLER) ? NULL : NEXT(opendir)(path); }
struct dirent64 *readdir64(DIR *folder) {
    return fails(ENTRY, CALLER) ? NULL : NEXT(readdir64)(folder);
}
