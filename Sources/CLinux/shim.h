// SPDX-License-Identifier: Apache-2.0
#pragma once
// No header here may include <sys/select.h>: with _GNU_SOURCE its fd_set differs from the one in swift-nio's C modules,
// and the compiler refuses to see both.
#define _GNU_SOURCE 1
#include <fcntl.h>
#include <linux/openat2.h>
#include <malloc.h>
#include <stdint.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

/// Opens a file for reading only if its path can be walked without waiting for the disk; else -1 with EAGAIN.
static inline int haven_open_cached(const char *path) {
    struct open_how how = {.flags = O_RDONLY | O_CLOEXEC, .resolve = RESOLVE_CACHED};
    return (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
}

/// Reads bytes of a file that are in the page cache; fewer, or -1 with EAGAIN, when the disk would be waited for.
static inline ssize_t haven_read_cached(int file, void *bytes, size_t count, int64_t offset) {
    struct {
        void *base;
        size_t count;
    } vector = {bytes, count};
    const int nowait = 8;  // RWF_NOWAIT; <sys/uio.h> may not be included beside other C modules
    return syscall(SYS_preadv2, file, &vector, 1, (long)offset, 0L, nowait);
}
