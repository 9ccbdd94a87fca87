// SPDX-License-Identifier: Apache-2.0

/// The room a store has, in bytes.
package struct StorageSpace: Hashable, Sendable {
    /// What this process could still write.
    package var free: Int64
    package var total: Int64
    /// What must stay free: below it the store answers writes with ``BlobStorageError/full``.
    package var reserve: Int64

    package init(free: Int64, total: Int64, reserve: Int64) {
        self.free = free
        self.total = total
        self.reserve = reserve
    }

    package var isBelowReserve: Bool { free < reserve }
}
