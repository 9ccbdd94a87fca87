// SPDX-License-Identifier: Apache-2.0

import BlobStorage
import Metadata
import SQLStorage

/// An object that no blob has and that is not condemned: an upload's, or nobody's.
private struct DoubtfulObject: Sendable {
    let location: BlobLocation
    let size: Int64
    let isYoung: Bool
}

extension Checker {
    /// How many doubtful objects are looked up together.
    private static let doubtLimit = 1_000

    /// Unfinished uploads have their parts, and share no name with anything.
    func checkUploads(
        _ report: inout CheckReport, _ onProgress: @Sendable (StepProgress) -> Void
    ) async throws {
        let store = blobs
        var last: UploadID?
        var done = 0
        while true {
            try Task.checkCancellation()
            let page = try await metadata.read(.jobs) { [last] transaction in
                try transaction.unfinishedUploads(after: last, limit: 50).map { upload in
                    (
                        upload: upload, parts: try transaction.uploadParts(upload.id),
                        shared: try transaction.names(of: upload.reserved(in: store))
                    )
                }
            }
            for entry in page {
                for (location, name) in entry.shared.sorted(by: { $0.key < $1.key }) {
                    report.add(.locationShared(location, between: "upload \(entry.upload.id)", and: name))
                }
                if entry.upload.isOver {
                    report.waitingUploads += 1
                } else {
                    try await checkParts(entry.parts, of: entry.upload.id, &report)
                }
            }
            done += page.count
            onProgress(StepProgress(step: "uploads", done: done))
            guard page.count == 50, let end = page.last else { return }
            last = end.upload.id
        }
    }

    private func checkParts(
        _ parts: [UploadPartRow], of upload: UploadID, _ report: inout CheckReport
    ) async throws {
        for part in parts where try await isMissing(part) {
            // The upload may have ended, and the collector come by, since its rows were read.
            let stands = try await metadata.read(.jobs) { try $0.isPart(part, of: upload) }
            if stands, try await isMissing(part) { report.add(.partMissing(upload, location: part.name)) }
        }
    }

    /// Other stores name parts by numbers inside an object that cannot be read yet; only files can be looked at.
    private func isMissing(_ part: UploadPartRow) async throws -> Bool {
        let location = BlobLocation(rawValue: part.name)
        guard location.isWellFormed, part.name.contains("/") else { return false }
        return (try await blobs.size(of: location) ?? -1) < part.length
    }

    /// Every stored object is named by a row.
    func checkObjects(
        _ report: inout CheckReport, _ onProgress: @Sendable (StepProgress) -> Void
    ) async throws {
        // By the store's clock and the database's, which differ less than the span below.
        let now = try await metadata.read(.jobs) { try $0.now() }
        let oldest = now - times.uploadLife - times.readGrace
        var batch: [DoubtfulObject] = []
        var doubtful: [DoubtfulObject] = []
        try await blobs.list { location, size, modified in
            report.objects += 1
            batch.append(DoubtfulObject(location: location, size: size, isYoung: modified > oldest))
            guard batch.count == Self.page else { return }
            doubtful += try await unnamed(batch)
            batch.removeAll(keepingCapacity: true)
            onProgress(StepProgress(step: "objects", done: report.objects))
            guard doubtful.count >= Self.doubtLimit else { return }
            try await judge(doubtful, &report)
            doubtful.removeAll()
        }
        doubtful += try await unnamed(batch)
        try await judge(doubtful, &report)
        onProgress(StepProgress(step: "objects", done: report.objects))
    }

    private func unnamed(_ objects: [DoubtfulObject]) async throws -> [DoubtfulObject] {
        let locations = objects.map(\.location.rawValue)
        let names = try await metadata.read(.jobs) { try $0.names(of: locations) }
        return objects.filter { names[$0.location.rawValue] == nil }
    }

    /// Looks for the names of doubtful objects in one transaction, in which each stands in exactly one place; then asks
    /// the store whether they are still there, because what is collected is forgotten after it is deleted.
    private func judge(_ objects: [DoubtfulObject], _ report: inout CheckReport) async throws {
        guard !objects.isEmpty else { return }
        let store = blobs
        let locations = objects.map(\.location.rawValue)
        let nobodys = try await metadata.read(.jobs) { transaction -> Set<String> in
            var rest = Set(locations)
            for name in try transaction.names(of: locations).keys { rest.remove(name) }
            var last: UploadID?
            while !rest.isEmpty {
                let page = try transaction.unfinishedUploads(after: last, limit: Self.page)
                for upload in page { rest.subtract(upload.reserved(in: store)) }
                guard page.count == Self.page, let end = page.last else { break }
                last = end.id
            }
            return rest
        }
        for object in objects where nobodys.contains(object.location.rawValue) {
            guard object.location.isWellFormed, let size = try await blobs.size(of: object.location) else { continue }
            if object.isYoung {
                report.youngObjects += 1
            } else {
                report.add(.unnamedObject(location: object.location.rawValue, size: size))
            }
        }
    }
}

extension UnfinishedUpload {
    /// Every name this upload may have used.
    fileprivate func reserved(in store: any BlobStore) -> [String] {
        store.reservedLocations(base: base, through: nextPart - 1, driver: driver).map(\.location.rawValue)
    }
}
