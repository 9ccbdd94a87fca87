// SPDX-License-Identifier: Apache-2.0

import BlobStorage
import Metadata
import NIOCore
import OCI
import SQLStorage

extension Checker {
    /// Every blob has one object of its size, and by request of its digest.
    func checkBlobs(
        _ report: inout CheckReport, rehash: Bool, _ onProgress: @Sendable (StepProgress) -> Void
    ) async throws {
        try await walk(
            "blobs", onProgress,
            { (transaction, last: CheckedBlob?) in try transaction.blobsToCheck(after: last?.digest, limit: Self.page)
            },
            { page in
                for blob in page {
                    report.blobs += 1
                    compareRows(of: blob, &report)
                    for finding in try await objectFindings(of: blob, rehash: rehash, &report.hashedBytes) {
                        report.add(finding)
                    }
                }
            })
    }

    private func compareRows(of blob: CheckedBlob, _ report: inout CheckReport) {
        if blob.claims != blob.claimRows {
            report.add(.claims(blob.digest, counted: blob.claims, rows: blob.claimRows))
        }
        if blob.isDoomed {
            report.add(.locationShared(blob.location, between: "blob \(blob.digest)", and: "condemned objects"))
        }
    }

    private func objectFindings(
        of blob: CheckedBlob, rehash: Bool, _ hashed: inout Int64
    ) async throws -> [CheckFinding] {
        guard let finding = try await objectFinding(of: blob, rehash: rehash, &hashed) else { return [] }
        // A push may have healed it, or the collector taken it, since its row was read.
        let stands = try await metadata.read(.jobs) { try $0.isLocation(blob.location, of: blob.digest) }
        guard stands else { return [] }
        let again = try await objectFinding(of: blob, rehash: rehash, &hashed)
        return again.map { $0 == finding ? [finding] : [$0] } ?? []
    }

    private func objectFinding(
        of blob: CheckedBlob, rehash: Bool, _ hashed: inout Int64
    ) async throws -> CheckFinding? {
        let (digest, place) = (blob.digest, blob.location)
        let location = BlobLocation(rawValue: place)
        guard location.isWellFormed else {
            return .objectUnreadable(digest, location: place, cause: "no store has such a name")
        }
        guard let size = try await blobs.size(of: location) else { return .objectMissing(digest, location: place) }
        guard size == blob.size else {
            return .objectSize(digest, location: place, expected: blob.size, found: size)
        }
        if rehash, let finding = try await contentFinding(of: blob, at: location, &hashed) { return finding }
        return blob.isSuspect ? .suspect(digest) : nil
    }

    private func contentFinding(
        of blob: CheckedBlob, at location: BlobLocation, _ hashed: inout Int64
    ) async throws -> CheckFinding? {
        do throws(BlobStorageError) {
            let reader = try await blobs.open(location)
            let found: Result<Digest, BlobStorageError>
            do throws(BlobStorageError) {
                found = .success(try await digest(of: reader, blob.digest.algorithm, &hashed))
            } catch {
                found = .failure(error)
            }
            await reader.close()
            return try found.get() == blob.digest ? nil : .objectChanged(blob.digest, location: blob.location)
        } catch {
            return .objectUnreadable(blob.digest, location: blob.location, cause: "\(error)")
        }
    }

    private func digest(
        of reader: any BlobReader, _ algorithm: Digest.Algorithm, _ hashed: inout Int64
    ) async throws(BlobStorageError) -> Digest {
        var hasher = DigestHasher(algorithm)
        var offset: Int64 = 0
        while offset < reader.size {
            let bytes = try await reader.read(at: offset, upTo: 1 << 20)
            bytes.withUnsafeReadableBytes { hasher.update($0) }
            offset += Int64(bytes.readableBytes)
        }
        hashed += offset
        return hasher.finish()
    }
}
