// SPDX-License-Identifier: Apache-2.0

import BlobStorage
import Metadata
import SQLStorage

extension Collector {
    /// Removes the rows of uploads whose time is over and condemns every name they had reserved.
    func expireUploads(_ report: inout CollectionReport) async throws {
        let (dryRun, spread) = (report.isDryRun, policy.times.clockSpread)
        // A dry run reads them once, since they stay.
        let limit = dryRun ? 10_000 : policy.portion
        let end = try await metadata.read(.jobs) { try $0.now() }
        while true {
            try Task.checkCancellation()
            let expired = try await metadata.read(.jobs) {
                try $0.expiredUploads(until: end, spread: spread, limit: limit)
            }
            let before = report.uploads
            for start in stride(from: 0, to: expired.count, by: policy.portion) {
                let portion = Array(expired[start..<min(start + policy.portion, expired.count)])
                report.add(
                    try await halving(portion) { uploads in
                        try await self.portion(dryRun: dryRun) { transaction, done in
                            for id in uploads { try expire(id, transaction, &done) }
                        }
                    })
            }
            if dryRun || report.uploads == before { return }
        }
    }

    private func expire(_ id: UploadID, _ transaction: MetadataTransaction, _ done: inout CollectionReport) throws {
        let spread = policy.times.clockSpread
        guard let upload = try transaction.expiredUpload(id, spread: spread) else { return }
        try transaction.removeUpload(upload, spread: spread)
        done.uploads += 1
        // The commit condemned what a finished upload left, and one of its names is the blob.
        if upload.isDone { return }
        for object in blobs.reservedLocations(base: upload.base, through: upload.lastPart, driver: upload.driver) {
            let (name, kind) = (object.location.rawValue, object.kind.rawValue)
            if let bytes = upload.published[name] {
                try transaction.doom(name, kind: kind, detail: object.detail, bytes: bytes, after: 0)
            } else {
                try transaction.doomTwice(name, kind: kind, detail: object.detail, after: policy.times.readGrace)
            }
        }
    }
}
