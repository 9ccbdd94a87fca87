// SPDX-License-Identifier: Apache-2.0

package import BlobStorage
package import Metadata
import OCI
import SQLStorage

/// Compares everything that is stored with everything that is remembered, and both with themselves.
///
/// It changes nothing and runs beside a server without false alarms: rows are compared within one statement or transaction,
/// and what rows and store seem to disagree on is looked at again, row first, before it is reported.
///
/// Memory: a page of rows (or 8 MiB of manifests), one folder of the store's listing, 1,000 doubtful objects, the names of
/// unfinished uploads, and the findings that ``CheckReport`` keeps.
package struct Checker: Sendable {
    static let page = 500

    let metadata: MetadataStore
    let blobs: any BlobStore
    let times: Times

    /// - Parameter times: How old an object without a row must be to be called a leak: older than any upload can be.
    package init(metadata: MetadataStore, blobs: any BlobStore, times: Times) {
        self.metadata = metadata
        self.blobs = blobs
        self.times = times
    }

    /// Looks at everything.
    ///
    /// - Parameters:
    ///   - rehash: Whether every blob is read and digested, which reads the whole store.
    ///   - onProgress: Called after each page.
    /// - Throws: When database or store cannot be read at all; what is wrong in them is reported, not thrown.
    package func run(
        rehash: Bool = false, onProgress: @Sendable (StepProgress) -> Void = { _ in }
    ) async throws -> CheckReport {
        var report = CheckReport()
        try await checkParents(&report, onProgress)
        try await checkBlobs(&report, rehash: rehash, onProgress)
        try await checkProjects(&report, onProgress)
        try await checkManifests(&report, onProgress)
        try await checkTags(&report, onProgress)
        try await checkUploads(&report, onProgress)
        try await checkObjects(&report, onProgress)
        return report
    }

    /// Walks through pages: reads one, looks at it, and goes on behind its last row.
    func walk<Row: Sendable>(
        _ step: String, _ onProgress: @Sendable (StepProgress) -> Void,
        _ read: @escaping @Sendable (MetadataTransaction, Row?) throws -> [Row],
        _ look: ([Row]) async throws -> Void
    ) async throws {
        var last: Row?
        var done = 0
        while true {
            try Task.checkCancellation()
            let rows = try await metadata.read(.jobs) { [last] in try read($0, last) }
            try await look(rows)
            done += rows.count
            onProgress(StepProgress(step: step, done: done))
            guard rows.count == Self.page, let end = rows.last else { return }
            last = end
        }
    }

    private func checkParents(
        _ report: inout CheckReport, _ onProgress: @Sendable (StepProgress) -> Void
    ) async throws {
        var done = 0
        for rule in ParentRule.all {
            var last: [SQLValue]?
            repeat {
                try Task.checkCancellation()
                let page = try await metadata.read(.jobs) { [last] in
                    try $0.rowsWithoutParent(rule, after: last, limit: Self.page)
                }
                for row in page.orphans { report.add(.parentless(table: rule.table, row: row)) }
                done += page.count
                onProgress(StepProgress(step: "rows", done: done))
                last = page.last
            } while last != nil
        }
    }
}
