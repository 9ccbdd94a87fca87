// SPDX-License-Identifier: Apache-2.0

package import Metadata
package import OCI

/// Something the checker found that must not be.
package enum CheckFinding: Sendable, Equatable {
    /// The object of a blob is gone.
    case objectMissing(Digest, location: String)
    /// The object of a blob is shorter or longer than the blob.
    case objectSize(Digest, location: String, expected: Int64, found: Int64)
    /// The object of a blob holds other bytes.
    case objectChanged(Digest, location: String)
    /// The object of a blob cannot be read.
    case objectUnreadable(Digest, location: String, cause: String)
    /// A part that was acknowledged to the client of an open upload is gone or too short.
    case partMissing(UploadID, location: String)
    /// The bytes of a manifest are not those of its digest.
    case manifestChanged(String, Digest)
    /// The bytes of a manifest cannot be understood, or say something else than its row.
    case manifestUnreadable(String, Digest, cause: String)
    /// A manifest names something its repository does not hold.
    case referenceMissing(String, Digest, reference: Digest)
    /// A blob counts as missing although its object is there.
    case suspect(Digest)
    /// Two things name one object.
    case locationShared(String, between: String, and: String)
    /// The number of projects that use a blob is wrong.
    case claims(Digest, counted: Int64, rows: Int64)
    /// The number of repositories that link a project's blob is wrong.
    case links(project: String, Digest, counted: Int64, rows: Int64)
    /// A project is charged with another sum than it uses, in bytes.
    case usage(project: String, charged: Int64, used: Int64)
    /// A tag is not where its last remembered move left it.
    case tagAstray(String, tag: String, points: Digest?, remembered: Digest?)
    /// No move of a tag is remembered.
    case tagUnremembered(String, tag: String)
    /// Moves of a tag are missing between its first and its last remembered one.
    case tagHistoryGap(String, tag: String, entries: Int64, first: Int64, last: Int64)
    /// A row refers to one that does not exist.
    case parentless(table: String, row: String)
    /// An object that no row names and that is too old to be one just made.
    case unnamedObject(location: String, size: Int64)
}

extension CheckFinding {
    /// How bad it is, the worst first.
    package enum Severity: String, Sendable, CaseIterable {
        /// Something that was acknowledged cannot be served.
        case lost
        /// Everything can be served, but rows contradict each other.
        case inconsistent
        /// Only disk space is wasted.
        case leaked
    }

    package var severity: Severity {
        switch self {
        case .objectMissing, .objectSize, .objectChanged, .objectUnreadable, .partMissing, .manifestChanged,
            .manifestUnreadable, .referenceMissing:
            .lost
        case .suspect, .locationShared, .claims, .links, .usage, .tagAstray, .tagUnremembered, .tagHistoryGap,
            .parentless:
            .inconsistent
        case .unnamedObject: .leaked
        }
    }

    /// What it is about, in one or two words.
    package var subject: String {
        switch self {
        case .objectMissing, .objectSize, .objectChanged, .objectUnreadable, .suspect, .claims: "blob"
        case .partMissing: "upload"
        case .manifestChanged, .manifestUnreadable, .referenceMissing: "manifest"
        case .locationShared, .unnamedObject: "object"
        case .links, .usage: "project"
        case .tagAstray, .tagUnremembered, .tagHistoryGap: "tag"
        case .parentless: "row"
        }
    }
}
