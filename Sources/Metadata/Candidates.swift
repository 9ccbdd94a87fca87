// SPDX-License-Identifier: Apache-2.0
package import OCI
import SQLStorage

/// What a collection candidate points at.
package enum CandidateKind: String, Sendable { case link, manifest, blob }

extension MetadataTransaction {
    /// Asks the collector to look at something once a span is over.
    ///
    /// Candidates are appended and never merged, so none is lost to a race; looking twice costs a read.
    ///
    /// - Parameter span: How long from now, in microseconds.
    package func addCandidate(
        _ kind: CandidateKind, repository: RepositoryID?, project: ProjectID?, digest: Digest, after span: Int64
    ) throws {
        try sql.run(
            """
            INSERT INTO gc_candidates (id, due_at, kind, repository_id, project_id, digest)
            VALUES (\(RowID.random()), \(dialect.now) + \(span), \(kind.rawValue), \(repository), \(project),
                    \(digest))
            """)
    }

    /// Condemns a stored object that no row names any more: its bytes are deleted once a span is over.
    ///
    /// - Parameters:
    ///   - kind: How the store made the object, in the driver's words.
    ///   - detail: What the driver needs to delete it.
    ///   - bytes: The object's size, for reports.
    ///   - span: How long from now, in microseconds.
    package func doom(
        _ location: String, kind: String = "object", detail: String = "", bytes: Int64, after span: Int64
    ) throws {
        try sql.run(
            """
            INSERT INTO doomed (location, kind, detail, bytes, due_at, tries)
            VALUES (\(location), \(kind), \(detail), \(bytes), \(dialect.now) + \(span), 0)
            \(dialect.keepExisting("location"))
            """)
    }
}
