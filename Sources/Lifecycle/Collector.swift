// SPDX-License-Identifier: Apache-2.0

package import BlobStorage
package import Metadata
import SQLStorage

/// Takes away what nothing needs any more, while clients push and pull.
///
/// Work comes from rows that say when to look at what, so a run costs what changed and what is garbage, never what is
/// stored. Any number of collectors may run at once, in any process, and may stop anywhere: every removal of a row is a
/// compare-and-set, and every object that is deleted has a name no row will ever use again.
package struct Collector: Sendable {
    let metadata: MetadataStore
    let blobs: any BlobStore
    let policy: CollectionPolicy
    let faults: FaultPoints

    /// - Parameters:
    ///   - metadata: What is remembered.
    ///   - blobs: Where the bytes are.
    ///   - policy: What may go, and when.
    ///   - faults: Armed by tests only: `gc.afterSelect`, `gc.insideTx`, `gc.afterDoom`, `gc.afterBytes`.
    package init(
        metadata: MetadataStore, blobs: any BlobStore, policy: CollectionPolicy, faults: FaultPoints = .none
    ) {
        self.metadata = metadata
        self.blobs = blobs
        self.policy = policy
        self.faults = faults
    }

    /// Collects what is due, and what this makes due.
    ///
    /// What becomes due meanwhile by what clients do is for the next run: a run beside steady pushes ends.
    ///
    /// - Parameter dryRun: Whether each portion is rolled back: the report then says what a run would do at least; a blob
    ///   that several portions release together is not in it.
    /// - Throws: ``SQLError`` when the database cannot be reached; what was done until then stays done.
    package func run(dryRun: Bool = false) async throws -> CollectionReport {
        var report = CollectionReport()
        report.isDryRun = dryRun
        try await expireUploads(&report)
        try await collectCandidates(&report)
        try await deleteObjects(&report)
        if !dryRun { try await purgeEvents() }
        return report
    }

    /// Runs a portion's transaction, or in a dry run the same statements without their commit.
    func portion(
        dryRun: Bool, _ body: @escaping @Sendable (MetadataTransaction, inout CollectionReport) throws -> Void
    ) async throws -> CollectionReport {
        do {
            return try await metadata.attempt(.jobs) { [faults] transaction in
                var done = CollectionReport()
                try body(transaction, &done)
                try faults.reach("gc.insideTx")
                if dryRun { throw RolledBack(report: done) }
                return done
            }
        } catch let rehearsal as RolledBack {
            return rehearsal.report
        }
    }

    /// Deals with `work` in one transaction; when others are in the way, in two halves, down to single pieces.
    func halving<Piece: Sendable>(
        _ work: [Piece], _ attempt: ([Piece]) async throws -> CollectionReport
    ) async throws -> CollectionReport {
        do {
            return try await attempt(work)
        } catch  where isContention(error) {
            guard work.count > 1 else {
                // It stays due; the next run or another collector takes it.
                var report = CollectionReport()
                report.examined = 1
                report.contended = 1
                return report
            }
            var report = try await halving(Array(work[..<(work.count / 2)]), attempt)
            report.add(try await halving(Array(work[(work.count / 2)...]), attempt))
            return report
        }
    }

    private func isContention(_ error: any Error) -> Bool {
        switch error {
        // SQLite has one lock for all: a smaller portion would wait for it just as long, so the run ends instead.
        case SQLError.conflict: metadata.database.dialect != .sqlite
        // A reference that appeared or went meanwhile.
        case SQLError.foreignKey, MetadataError.raced: true
        default: false
        }
    }

    private func purgeEvents() async throws {
        let kept = policy.eventsKept
        while try await metadata.write(.jobs, .relaxed, { try $0.purgeOutbox(deliveredBefore: kept, limit: 500) })
            == 500
        {
            try Task.checkCancellation()
        }
    }
}

/// Ends the transaction of a dry run and carries what it would have done.
private struct RolledBack: Error {
    let report: CollectionReport
}
