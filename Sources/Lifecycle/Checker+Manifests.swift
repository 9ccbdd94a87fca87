// SPDX-License-Identifier: Apache-2.0

import Metadata
import OCI
import SQLStorage

extension Checker {
    /// How many bytes of manifests are read at a time.
    private static let manifestBytes: Int64 = 8 << 20

    /// Every manifest is what its digest says, can be read, and has everything it names.
    func checkManifests(
        _ report: inout CheckReport, _ onProgress: @Sendable (StepProgress) -> Void
    ) async throws {
        try await walk(
            "manifests", onProgress,
            { (transaction, last: ManifestKey?) in try transaction.manifestsToCheck(after: last, limit: Self.page) },
            { page in
                var rest = page[...]
                while !rest.isEmpty {
                    let keys = portion(of: rest)
                    rest = rest.dropFirst(keys.count)
                    let manifests = try await metadata.read(.jobs) { transaction in
                        try keys.map { try transaction.manifestToCheck($0) }
                    }
                    for (key, manifest) in zip(keys, manifests) {
                        report.manifests += 1
                        guard let manifest else { continue }
                        for finding in findings(of: manifest, key) { report.add(finding) }
                    }
                }
            })
    }

    private func portion(of keys: ArraySlice<ManifestKey>) -> [ManifestKey] {
        var bytes: Int64 = 0
        let some = keys.prefix {
            bytes += $0.size
            return bytes <= Self.manifestBytes
        }
        return some.isEmpty ? Array(keys.prefix(1)) : Array(some)
    }

    private func findings(of manifest: CheckedManifest, _ key: ManifestKey) -> [CheckFinding] {
        let name = key.repositoryName
        guard Digest.of(manifest.bytes, key.digest.algorithm) == key.digest else {
            return [.manifestChanged(name, key.digest)]
        }
        let parsed: Manifest
        do throws(ManifestError) {
            parsed = try Manifest(parsing: manifest.bytes, contentType: manifest.mediaType)
        } catch {
            return [.manifestUnreadable(name, key.digest, cause: error.message)]
        }
        guard parsed.subject?.digest == manifest.subject, (parsed.kind == .index) == manifest.isIndex,
            manifest.size == Int64(manifest.bytes.count)
        else { return [.manifestUnreadable(name, key.digest, cause: "its row says something else")] }
        return missing(in: manifest, of: parsed).map { .referenceMissing(name, key.digest, reference: $0) }
    }

    /// What a manifest names and has no row for. Layers that lie elsewhere by their type need none; build caches list blobs
    /// as children.
    private func missing(in manifest: CheckedManifest, of parsed: Manifest) -> [Digest] {
        let blobs = parsed.blobs.filter { !$0.isForeign && !manifest.blobs.contains($0.digest) }
        let children = parsed.children.filter { child in
            if manifest.children.contains(child.digest) { return false }
            return child.isManifest || !(child.isForeign || manifest.blobs.contains(child.digest))
        }
        return Set((blobs + children).map(\.digest)).sorted()
    }
}
