// SPDX-License-Identifier: Apache-2.0
//
// Loaded before libc by LD_PRELOAD: makes the n-th call of one kind fail, on files and folders of a blob store.
// FAIL_CALL names the call, FAIL_AT the turn (from 1), FAIL_ERRNO the error number.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_int reached;

static int is_stored(int file) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    // Below one of the 256 folders; the folders themselves count for fsync.
    char *inside = strstr(path, "/docker/registry/v2/haven/");
    return inside != NULL && strstr(inside, ".complete") == NULL;
}

static int fails(const char *call, int file) {
    const char *wanted = getenv("FAIL_CALL");
    if (wanted == NULL || strcmp(wanted, call) != 0 || !is_stored(file)) return 0;
    return atomic_fetch_add(&reached, 1) + 1 == atoi(getenv("FAIL_AT"));
}

static int failure(void) {
    errno = atoi(getenv("FAIL_ERRNO"));
    return -1;
}

#define REAL(name) (__typeof__(&name))dlsym(RTLD_NEXT, #name)

int fsync(int file) { return fails("fsync", file) ? failure() : (REAL(fsync))(file); }

int fdatasync(int file) { return fails("fdatasync", file) ? failure() : (REAL(fdatasync))(file); }

int close(int file) {
    // Only of files that were written: what close says of others is of no consequence.
    int broken = (fcntl(file, F_GETFL) & O_ACCMODE) != O_RDONLY && fails("close", file);
    int result = (REAL(close))(file);
    return broken ? failure() : result;
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) {
    if (!fails("pwrite", file)) return (REAL(pwrite))(file, bytes, count, offset);
    // Half of it arrives, as on a disk that breaks under a write.
    (void)!(REAL(pwrite))(file, bytes, count / 2, offset);
    return failure();
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t offset) {
    return pwrite(file, bytes, count, offset);
}

ssize_t copy_file_range(int from, off64_t *in, int to, off64_t *out, size_t count, unsigned flags) {
    return fails("copy_file_range", to) ? failure() : (REAL(copy_file_range))(from, in, to, out, count, flags);
}
