// SPDX-License-Identifier: Apache-2.0
import CLinux

/// Settings of the C library's memory allocator.
enum Allocator {
    /// Keeps buffers of some 100 KiB on the heap instead of mapping fresh pages for each: that fault per page made a
    /// fifth of the cost of a download by chunks.
    static func tune() {
        mallopt(M_MMAP_THRESHOLD, 32 * 1024 * 1024)
        mallopt(M_TRIM_THRESHOLD, 64 * 1024 * 1024)
    }
}
