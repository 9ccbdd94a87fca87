// SPDX-License-Identifier: Apache-2.0

import BlobStorage
import Metadata
import SQLStorage

extension Collector {
    /// Deletes the condemned objects whose grace is over, unless somebody holds bytes to copy them.
    func deleteObjects(_ report: inout CollectionReport) async throws {
        let (limit, claim) = (policy.objects, policy.claim)
        let end = try await metadata.read(.jobs) { try $0.now() }
        var last: DoomedRow?
        while true {
            try Task.checkCancellation()
            let due = try await metadata.read(.jobs) { [last] in
                try $0.dueDoomed(after: last, until: end, limit: limit)
            }
            guard !due.isEmpty else { return }
            let rows = due.filter { !$0.isLive }
            report.contradictions += due.count - rows.count
            if report.isDryRun {
                report.objects += rows.count
                report.freedBytes += rows.reduce(0) { $0 + $1.bytes }
            } else {
                // Relaxed: a claim only keeps others from doing the same work.
                let own = try await metadata.write(.jobs, .relaxed) { try $0.claim(rows, for: claim) }
                try await delete(own, &report)
            }
            last = due.last
        }
    }

    private func delete(_ rows: [DoomedRow], _ report: inout CollectionReport) async throws {
        if rows.isEmpty { return }
        let outcomes = await blobs.delete(rows.map(\.object))
        try await faults.reach("gc.afterBytes")
        let gone = zip(rows, outcomes).filter { $0.1 == .gone }.map(\.0)
        let kept = zip(rows, outcomes).filter { $0.1 != .gone }.map(\.0)
        let secondLook = policy.secondLook
        // Relaxed: deleting what is gone once more does no harm.
        try await metadata.write(.jobs, .relaxed) { transaction in
            for row in gone { try transaction.settle(row, secondLookAfter: secondLook) }
            for row in kept { try transaction.postpone(row) }
        }
        report.objects += gone.count
        report.freedBytes += gone.reduce(0) { $0 + $1.bytes }
        report.failures += kept.count
    }
}

extension DoomedRow {
    fileprivate var object: DoomedObject {
        DoomedObject(
            BlobLocation(rawValue: location), kind: DoomedObject.Kind(rawValue: kind) ?? .object, detail: detail)
    }
}
