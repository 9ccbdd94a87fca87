// SPDX-License-Identifier: Apache-2.0

import BlobStorage
import Metadata
import OCI
import SQLStorage

/// A stored object that no row knows.
package struct OrphanObject: Sendable, Equatable {
    package let location: String
    /// In bytes.
    package let size: Int64
    /// When it was last written, in microseconds since 1970.
    package let modified: Int64
}

extension Collector {
    /// Walks over all rows and asks the collector to look at whatever nothing references.
    ///
    /// Candidates find everything by themselves; this repairs what a mistake in the program left behind, and finds
    /// untagged manifests after the policy began to remove them. Costs a read of every link, manifest and blob row.
    ///
    /// - Returns: How many candidates were added. What had one already is counted, too.
    package func sweep() async throws -> Int {
        let (spread, limit) = (policy.times.clockSpread, 1_000)
        var added = 0
        var links: (RepositoryID, Digest)?
        repeat {
            let page = try await metadata.read(.jobs) { [links] in
                try $0.unreferencedLinks(after: links, spread: spread, limit: limit)
            }
            added += try await enqueue(page.found)
            links = page.last
        } while links != nil
        if policy.removesUntagged { added += try await sweepManifests(spread: spread, limit: limit) }
        var blobs: Digest?
        repeat {
            let page = try await metadata.read(.jobs) { [blobs] in try $0.unclaimedBlobs(after: blobs, limit: limit) }
            added += try await enqueue(page.found)
            blobs = page.last
        } while blobs != nil
        return added
    }

    private func sweepManifests(spread: Int64, limit: Int) async throws -> Int {
        var added = 0
        var manifests: (RepositoryID, Digest)?
        repeat {
            let page = try await metadata.read(.jobs) { [manifests] in
                try $0.unreferencedManifests(after: manifests, spread: spread, limit: limit)
            }
            added += try await enqueue(page.found)
            manifests = page.last
        } while manifests != nil
        return added
    }

    private func enqueue(_ found: [Unreferenced]) async throws -> Int {
        try Task.checkCancellation()
        for start in stride(from: 0, to: found.count, by: policy.portion) {
            let portion = found[start..<min(start + policy.portion, found.count)]
            try await metadata.write(.jobs, .relaxed) { transaction in
                for item in portion {
                    try transaction.addCandidate(
                        item.kind, repository: item.repository, project: item.project, digest: item.digest, after: 0)
                }
            }
        }
        return found.count
    }

    /// Lists stored objects that no row knows. Deletes nothing.
    ///
    /// Rows are read after the store was: a name stands in a row before its object exists, so what is being written,
    /// moved or deleted meanwhile is not taken for an orphan.
    ///
    /// - Parameter age: How long ago an object must have been written, in microseconds.
    package func orphans(olderThan age: Int64) async throws -> [OrphanObject] {
        let limit = try await metadata.read(.jobs) { try $0.now() } - age
        var orphans: [OrphanObject] = []
        var page: [OrphanObject] = []
        try await blobs.list { location, size, modified in
            guard modified <= limit else { return }
            page.append(OrphanObject(location: location.rawValue, size: size, modified: modified))
            if page.count == 500 {
                orphans += try await self.unknown(page)
                page = []
            }
        }
        return orphans + (try await unknown(page))
    }

    private func unknown(_ objects: [OrphanObject]) async throws -> [OrphanObject] {
        if objects.isEmpty { return [] }
        let locations = objects.map(\.location)
        let names = try await metadata.read(.jobs) { [blobs] transaction in
            try transaction.unknown(locations) { base, last, driver in
                blobs.reservedLocations(base: base, through: last, driver: driver).map(\.location.rawValue)
            }
        }
        var orphans: [OrphanObject] = []
        for object in objects where names.contains(object.location) {
            // Deleted since the store was listed: then its row went after it.
            if try await blobs.size(of: BlobLocation(rawValue: object.location)) != nil { orphans.append(object) }
        }
        return orphans
    }
}
