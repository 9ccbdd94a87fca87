// SPDX-License-Identifier: Apache-2.0

/// What can go wrong between Haven and its blob store, in the caller's terms. The texts are for the log only.
package enum BlobStorageError: Error, Hashable, Sendable {
    /// No object has this location. For a location that a row names this means damage, not absence.
    case notFound
    /// The store has no room, or less than its reserve. Reads and deletes go on; writes may be tried again later.
    case full
    /// The store reported an error after it had taken bytes: nobody knows what it holds under this name.
    /// The name must be given up for ever; a later success proves nothing about the earlier failure.
    case lost(String)
    /// The store did not answer, or not in time. Nothing is known to be damaged; try again later.
    case unreachable(String)
    /// The store refuses what this node asked: its credentials, its rights, its bucket. Somebody must act.
    case refused(String)
    /// The call itself is wrong: a name used twice, parts with gaps, a writer used after it was sealed.
    case invalid(String)
}
