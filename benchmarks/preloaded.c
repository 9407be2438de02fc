/* Counts the calls of a process that change something under one folder, and kills it or fails one of them.

   Preloaded before the C library, so that what SQLite, Arrow and other libraries do is counted as well, but not what
   other programs do that Python starts (its ctypes asks a compiler for a library's name). The block of numbers that
   benchmarks/preloaded.py keeps in a file says what is to happen; the path that was let down last is told there. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { TAKEN, ACT_AT, ERROR, LASTS, IS_ON, KINDS, NUMBERS };
enum { OPENS = 1, GROWS = 2, OTHER = 4 };

static struct { volatile long number[NUMBERS]; char under[PATH_MAX], failed[PATH_MAX]; } *block;

__attribute__((constructor)) static void begin(void) {
    const char *path = strncmp(program_invocation_short_name, "python", 6) ? NULL : getenv("WARDCAST_FAULTS");
    int held = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (held < 0) return;
    void *found = mmap(NULL, sizeof *block, PROT_READ | PROT_WRITE, MAP_SHARED, held, 0);
    close(held);
    if (found != MAP_FAILED) block = found;
}

static int is_under(const char *path) {
    char whole[2 * PATH_MAX], here[PATH_MAX];
    if (path[0] != '/') {
        if (!getcwd(here, sizeof here)) return 0;
        snprintf(whole, sizeof whole, "%s/%s", here, path);
        path = whole;
    }
    return strncmp(path, block->under, strlen(block->under)) == 0;
}

static int is_on(void) { return block && block->number[IS_ON]; }

static int fails(const char *path, int kind) {
    if (!(block->number[KINDS] & kind)) return 0;
    long taken = __sync_add_and_fetch(&block->number[TAKEN], 1), at = block->number[ACT_AT];
    if (at <= 0 || taken < at || (taken > at && !block->number[LASTS])) return 0;
    if (!block->number[ERROR]) kill(getpid(), SIGKILL);
    snprintf(block->failed, sizeof block->failed, "%s", path);
    errno = (int)block->number[ERROR];
    return 1;
}

static int path_fails(const char *path, int kind) { return is_on() && is_under(path) && fails(path, kind); }

static int file_fails(int file, int kind) {
    char link[64], path[PATH_MAX];
    if (!is_on()) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    return path[0] == '/' && is_under(path) && fails(path, kind);
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define ON_FILE(result, name, kind, file, parameters, arguments)                                                       \
    result name parameters { return file_fails(file, kind) ? -1 : NEXT(name) arguments; }
#define ON_PATH(result, name, kind, path, parameters, arguments)                                                       \
    result name parameters { return path_fails(path, kind) ? -1 : NEXT(name) arguments; }
#define CHANGES(flags) ((flags) & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC))
#define MODE(flags, last, mode)                                                                                        \
    mode_t mode = 0;                                                                                                   \
    if ((flags) & (O_CREAT | O_TMPFILE)) {                                                                             \
        va_list more;                                                                                                  \
        va_start(more, last);                                                                                          \
        mode = va_arg(more, mode_t);                                                                                   \
        va_end(more);                                                                                                  \
    }

int open(const char *path, int flags, ...) {
    MODE(flags, flags, mode)
    return CHANGES(flags) && path_fails(path, OPENS) ? -1 : NEXT(open)(path, flags, mode);
}
int open64(const char *path, int flags, ...) {
    MODE(flags, flags, mode)
    return CHANGES(flags) && path_fails(path, OPENS) ? -1 : NEXT(open64)(path, flags, mode);
}
int openat(int folder, const char *path, int flags, ...) {
    MODE(flags, flags, mode)
    return CHANGES(flags) && path_fails(path, OPENS) ? -1 : NEXT(openat)(folder, path, flags, mode);
}
int openat64(int folder, const char *path, int flags, ...) {
    MODE(flags, flags, mode)
    return CHANGES(flags) && path_fails(path, OPENS) ? -1 : NEXT(openat64)(folder, path, flags, mode);
}

ON_FILE(ssize_t, write, GROWS, file, (int file, const void *from, size_t size), (file, from, size))
ON_FILE(ssize_t, writev, GROWS, file, (int file, const struct iovec *from, int size), (file, from, size))
ON_FILE(ssize_t, pwrite, GROWS, file, (int file, const void *from, size_t size, off_t at), (file, from, size, at))
ON_FILE(ssize_t, pwrite64, GROWS, file, (int file, const void *from, size_t size, off64_t at), (file, from, size, at))
ON_FILE(int, ftruncate, GROWS, file, (int file, off_t size), (file, size))
ON_FILE(int, ftruncate64, GROWS, file, (int file, off64_t size), (file, size))
ON_FILE(int, fsync, OTHER, file, (int file), (file))
ON_FILE(int, fdatasync, OTHER, file, (int file), (file))
ON_FILE(int, fchmod, OTHER, file, (int file, mode_t mode), (file, mode))
ON_PATH(int, mkdir, GROWS, path, (const char *path, mode_t mode), (path, mode))
ON_PATH(int, rmdir, OTHER, path, (const char *path), (path))
ON_PATH(int, unlink, OTHER, path, (const char *path), (path))
ON_PATH(int, chmod, OTHER, path, (const char *path, mode_t mode), (path, mode))
ON_PATH(int, rename, OTHER, path, (const char *path, const char *to), (path, to))
ON_PATH(int, renameat, OTHER, path, (int from, const char *path, int at, const char *to), (from, path, at, to))
ON_PATH(int, renameat2, OTHER, path, (int from, const char *path, int at, const char *to, unsigned flags),
        (from, path, at, to, flags))
ON_PATH(int, link, GROWS, to, (const char *path, const char *to), (path, to))
ON_PATH(int, symlink, GROWS, to, (const char *path, const char *to), (path, to))
