// SPDX-License-Identifier: Apache-2.0

package import OCI

/// What the metadata room itself refuses. Failures of the database stay ``SQLStorage/SQLError``.
package enum MetadataError: Error, Sendable, Equatable {
    /// Thrown by a transaction's body that lost a race it can see (a compare-and-set that found 0 rows, a duplicate at
    /// a statement marked "repeat on duplicate"): the whole transaction is repeated from its start.
    case raced(String)
    /// The database was written by a newer release, whose migrations this one does not know.
    case newerSchema(number: Int, title: String)
    /// A migration that was applied is not the one this release has under that number.
    case changedMigration(number: Int, applied: String, expected: String)
    /// The database holds tables that are not Haven's; the names of some.
    case foreignTables([String])
    /// A migration's number that this release does not have, or that lies behind the schema of the database.
    case noMigration(to: Int, applied: Int, newest: Int)
    /// A row holds what no release ever writes.
    case damaged(String)
    /// The project is gone, or was made again under its name: the identity the caller holds names nothing any more.
    case projectGone
    /// No blob of this digest is stored.
    case blobGone(Digest)
    /// The project has no room for so many more bytes.
    case quotaExceeded(used: Int64, limit: Int64, wanted: Int64)
    /// SQLite cannot live there.
    case unsuitablePlace(String)
}
