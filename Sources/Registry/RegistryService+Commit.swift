// SPDX-License-Identifier: Apache-2.0
import BlobStorage
import Logging
import Metadata
import OCI
import SQLStorage

// The commit of a blob: bytes durable and verified first, then one transaction that makes row and link, then the answer.

/// A stored copy that is verified and durable, and that no blob row names yet.
private struct VerifiedCopy {
    let location: String
    let size: Int64
    let fence: Int64
    /// The names this upload reserved besides, which become garbage with the commit.
    let leftovers: [DoomedObject]
}

extension RegistryService {
    /// Commits a session as the blob of a digest; the session is over, whatever happens.
    func commit(_ session: UploadSession, as digest: Digest) async throws {
        let copy: VerifiedCopy
        do {
            copy = try await verifiedCopy(of: session, digest)
        } catch {
            await giveUp(session, because: error)
            throw error
        }
        do {
            try await record(copy, of: session, as: digest)
            active.end()
        } catch {
            await giveUp(session, because: error)
            throw error
        }
    }

    /// The bytes as one durable object whose digest is the one the client named.
    ///
    /// With an unbroken running hash and a single part there is nothing left to do but seal it. Otherwise the upload is
    /// fenced and its parts are assembled under a new name. The digest is taken from what is read back, unless this process
    /// hashed every byte and the store compared what it received.
    private func verifiedCopy(of session: UploadSession, _ digest: Digest) async throws -> VerifiedCopy {
        var session = session
        let known = session.hasher.flatMap { $0.algorithm == digest.algorithm ? $0.finish() : nil }
        if let known, known != digest { throw RegistryError.digestMismatch(expected: digest, actual: known) }
        if known != nil, session.received == 0, session.plan.parts.isEmpty { return try await empty(session) }
        if let writer = session.writer {
            let part = try await translating { try await writer.seal() }
            var plan = session.plan
            plan.publish(part, driver: writer.driver)
            if known != nil, let copy = finishedCopy(of: session, plan) { return copy }
            try await count(part, of: writer, &session, sealed: true)
        }
        if known != nil, let copy = finishedCopy(of: session, session.plan) { return copy }
        return try await assembled(session, digest, isVerified: known != nil && blobs.verifiesParts)
    }

    private func empty(_ session: UploadSession) async throws -> VerifiedCopy {
        let blob = try await translating {
            try await blobs.assemble(session.plan, asNumber: session.part, hashing: nil)
        }
        return VerifiedCopy(
            location: blob.location.rawValue, size: 0, fence: session.fence,
            leftovers: leftovers(of: session.plan, through: session.part, besides: [blob.location]))
    }

    /// The blob that a plan is as it stands, held by the session's fence alone.
    private func finishedCopy(of session: UploadSession, _ plan: UploadPlan) -> VerifiedCopy? {
        guard let location = blobs.finished(plan) else { return nil }
        return VerifiedCopy(
            location: location.rawValue, size: plan.end, fence: session.fence,
            leftovers: leftovers(of: plan, through: session.part, besides: [location]))
    }

    /// The names an upload reserved and did not become: an earlier writer may have stored something there. An upload with a
    /// single number has had a single writer, whose object is the blob.
    private func leftovers(
        of plan: UploadPlan, through part: Int, besides kept: Set<BlobLocation>
    ) -> [DoomedObject] {
        guard part > 1 else { return [] }
        return blobs.reservedLocations(base: plan.base, through: part, driver: plan.driver)
            .filter { !kept.contains($0.location) }
    }

    /// - Parameter isVerified: Whether the digest is proven already, if nothing unforeseen happens.
    private func assembled(
        _ session: UploadSession, _ digest: Digest, isVerified: Bool
    ) async throws -> VerifiedCopy {
        let owner = session.owner
        let (holder, life, fence) = (caches.process, policy.times.uploadLife, session.fence)
        // What counts is what was published under the old fence, so the parts are read in the transaction that raises it.
        let held = try await metadata.write(.push, .relaxed) {
            transaction -> (fence: Int64, part: Int, plan: UploadPlan)? in
            guard let row = try transaction.upload(owner), row.state == .open, row.fence == fence,
                let held = try transaction.acquireUpload(row, holder: holder, to: .committing, life: life)
            else { return nil }
            return (held.fence, held.part, try transaction.plan(of: row))
        }
        guard let held else { throw try await lost(owner) }
        try await faults.reach("commit.afterC1")
        let blob = try await translating {
            try await blobs.assemble(held.plan, asNumber: held.part, hashing: isVerified ? nil : digest.algorithm)
        }
        try await refuse(blob, unless: digest)
        return VerifiedCopy(
            location: blob.location.rawValue, size: blob.size, fence: held.fence,
            leftovers: leftovers(
                of: held.plan, through: held.part, besides: Set(blob.members).union([blob.location])))
    }

    /// Compares what was read back with what the client named. A store reads by an algorithm of its own when it found the
    /// work of another process; then the bytes are read by the client's.
    private func refuse(_ blob: AssembledBlob, unless digest: Digest) async throws {
        guard var actual = blob.digest else { return }
        if actual.algorithm != digest.algorithm {
            actual = try await translating { try await blobs.digest(of: blob.location, digest.algorithm) }
        }
        if actual != digest { throw RegistryError.digestMismatch(expected: digest, actual: actual) }
    }

    /// The one transaction after which the push may be answered.
    private func record(_ copy: VerifiedCopy, of session: UploadSession, as digest: Digest) async throws {
        let (owner, project, lease) = (session.owner, session.project, policy.times.lease)
        let grace = policy.times.readGrace
        let isDone = Settlement.by { try $0.isDone(owner, as: digest) }
        try await faults.reach("commit.beforeC3")
        let held = try await translating { [faults] in
            try await metadata.write(.push, unknown: isDone) { transaction -> Bool in
                guard try transaction.finishUpload(owner.id, as: digest, size: copy.size, fence: copy.fence) else {
                    return false
                }
                try transaction.storeBlob(
                    digest, size: copy.size, location: copy.location, into: owner.repository, of: project, lease: lease)
                for object in copy.leftovers {
                    try transaction.doom(
                        object.location.rawValue, kind: object.kind.rawValue, detail: object.detail, bytes: 0,
                        after: grace)
                }
                try faults.reach("commit.insideC3")
                return true
            }
        }
        // A commit whose answer was lost may have landed after it was looked for.
        if !held, try await !metadata.read(.push, { try $0.isDone(owner, as: digest) }) { throw try await lost(owner) }
        try await faults.reach("commit.afterC3")
    }

    /// Ends a session whose commit failed; an upload whose content was refused is given up for good.
    private func giveUp(_ session: UploadSession, because error: any Error) async {
        await abandon(session)
        switch error {
        case RegistryError.digestMismatch, RegistryError.quotaExceeded:
            let (id, logger) = (session.owner.id, logger)
            do {
                _ = try await metadata.write(.push, .relaxed) { try $0.failUpload(id) }
            } catch {
                // The row expires by itself; only the collection of its bytes waits longer.
                logger.warning("upload not given up", metadata: ["error": "\(error)", "upload.id": "\(id.rawValue)"])
            }
        default: break
        }
    }
}

extension MetadataTransaction {
    /// Whether an upload has become the blob of a digest.
    fileprivate func isDone(_ owner: UploadOwner, as digest: Digest) throws -> Bool {
        guard let row = try upload(owner) else { return false }
        return row.state == .done && row.digest == digest
    }
}
