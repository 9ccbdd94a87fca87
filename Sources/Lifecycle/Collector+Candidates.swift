// SPDX-License-Identifier: Apache-2.0

import BlobStorage
import Events
import Metadata
import OCI
import SQLStorage

extension Collector {
    /// A removal appends candidates of its own (a link's blob, a manifest's links), so passes repeat until one finds
    /// nothing to do. Beside clients every pass finds something; the next run goes on where the bound ends this one.
    private static let passes = 16

    func collectCandidates(_ report: inout CollectionReport) async throws {
        for _ in 0..<Self.passes {
            let before = report.progress
            try await pass(&report)
            // What a dry run releases is rolled back, so a second pass would count everything again.
            if report.isDryRun || report.progress == before { return }
        }
    }

    /// Looks once at everything that is due now.
    private func pass(_ report: inout CollectionReport) async throws {
        let (dryRun, spread, limit) = (report.isDryRun, policy.times.clockSpread, policy.page)
        let end = try await metadata.read(.jobs) { try $0.now() }
        var last: Candidate?
        while true {
            try Task.checkCancellation()
            let due = try await metadata.read(.jobs) { [last] transaction in
                try transaction.dueCandidates(after: last, until: end, spread: spread, limit: limit)
            }
            guard !due.isEmpty else { return }
            try await faults.reach("gc.afterSelect")
            for start in stride(from: 0, to: due.count, by: policy.portion) {
                let portion = Array(due[start..<min(start + policy.portion, due.count)])
                report.add(try await halving(portion) { try await collect($0, dryRun: dryRun) })
            }
            try await faults.reach("gc.afterDoom")
            last = due.last
        }
    }

    private func collect(_ candidates: [Candidate], dryRun: Bool) async throws -> CollectionReport {
        let examination = Examination(policy: policy)
        return try await portion(dryRun: dryRun) { transaction, done in
            let start = try transaction.now()
            for candidate in candidates { try examination.examine(candidate, transaction, &done) }
            if dryRun { try examination.follow(from: start, transaction, &done) }
        }
    }
}

/// The rules: what keeps a candidate, and what its removal means. Runs inside a transaction, possibly more than once.
private struct Examination: Sendable {
    let policy: CollectionPolicy

    func examine(
        _ candidate: Candidate, _ transaction: MetadataTransaction, _ done: inout CollectionReport
    ) throws {
        done.examined += 1
        let leasedUntil: Int64? =
            switch candidate.kind {
            case .link: try link(candidate, transaction, &done)
            case .manifest: try manifest(candidate, transaction, &done)
            case .blob: try blob(candidate, transaction, &done)
            }
        if let leasedUntil {
            try transaction.postpone(candidate, until: leasedUntil)
        } else {
            // Removed, gone before, or referenced: then the event that ends the reference appends a new candidate.
            try transaction.forget(candidate)
        }
    }

    /// Examines what this transaction has appended; a later pass would, were it not rolled back.
    func follow(
        from start: Int64, _ transaction: MetadataTransaction, _ done: inout CollectionReport
    ) throws {
        var examined: Set<RowID> = []
        while true {
            let appended = try transaction.dueCandidates(since: start, spread: 0, limit: policy.page)
                .filter { examined.insert($0.id).inserted }
            if appended.isEmpty { return }
            for candidate in appended { try examine(candidate, transaction, &done) }
        }
    }

    /// - Returns: When to look again; nil when the candidate is settled.
    private func link(
        _ candidate: Candidate, _ transaction: MetadataTransaction, _ done: inout CollectionReport
    ) throws -> Int64? {
        let spread = policy.times.clockSpread
        guard let repository = candidate.repository,
            let link = try transaction.collectableLink(candidate.digest, in: repository, spread: spread),
            !link.isReferenced
        else { return nil }
        if link.isLeased { return link.leasedUntil }
        try transaction.removeLink(link, of: candidate.digest, in: repository, spread: spread)
        done.links += 1
        return nil
    }

    private func manifest(
        _ candidate: Candidate, _ transaction: MetadataTransaction, _ done: inout CollectionReport
    ) throws -> Int64? {
        guard policy.removesUntagged, let repository = candidate.repository,
            let manifest = try transaction.collectableManifest(
                candidate.digest, in: repository, spread: policy.times.clockSpread),
            !manifest.isTagged, !manifest.hasParent, !manifest.hasSubject
        else { return nil }
        if manifest.isLeased { return manifest.leasedUntil }
        guard let row = try transaction.manifest(candidate.digest, in: repository) else { return nil }
        try transaction.deleteManifest(row, from: repository, of: manifest.project, grace: 0)
        if let name = RepositoryName(manifest.repositoryName) {
            // Each candidate's event has an operation of its own: a portion may remove several manifests.
            var events = EventRecorder(
                operation: candidate.id.rawValue, caller: "garbage collection", in: transaction)
            try events.record(.deleted(name, candidate.digest, version: row.version))
        }
        done.manifests += 1
        return nil
    }

    private func blob(
        _ candidate: Candidate, _ transaction: MetadataTransaction, _ done: inout CollectionReport
    ) throws -> Int64? {
        guard let blob = try transaction.unclaimedBlob(candidate.digest) else { return nil }
        try transaction.condemn(blob, of: candidate.digest, after: policy.times.readGrace)
        done.blobs += 1
        done.condemnedBytes += blob.size
        return nil
    }
}
