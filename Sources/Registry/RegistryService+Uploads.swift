// SPDX-License-Identifier: Apache-2.0
package import Access
import BlobStorage
package import Metadata
package import NIOCore
package import OCI
import SQLStorage

// Uploads: an upload is a row and a list of immutable parts. A part is durable before the row counts its bytes, and only then
// the client hears of them. Who presents the published offset may write next; the fence in the row turns the others away.

extension RegistryService {
    /// Begins an upload: distribution-spec, "Pushing blobs", the POST request.
    ///
    /// - Returns: The new upload, of which nothing is received yet.
    /// - Throws: ``RegistryError/tooManyUploads``, ``RegistryError/storageFull``, ``RegistryError/quotaExceeded(used:limit:wanted:)``.
    package func beginUpload(_ permit: Permit<Push>) async throws -> UploadStatus {
        let session = try await begin(permit, algorithm: .sha256)
        await keep(session)
        try await faults.reach("upload.beforeReply")
        return UploadStatus(id: session.owner.id, offset: 0)
    }

    /// How far an upload has come.
    ///
    /// - Throws: ``RegistryError/uploadUnknown`` for an unknown, ended or foreign upload, all alike.
    package func status(of id: UploadID, _ permit: Permit<Push>) async throws -> UploadStatus {
        guard let owner = try await owner(of: id, permit) else { throw RegistryError.uploadUnknown }
        let row = try await metadata.read(.push) { try $0.upload(owner) }
        guard let row, row.state == .open || row.state == .committing else { throw RegistryError.uploadUnknown }
        return UploadStatus(id: id, offset: row.offset)
    }

    /// Gives an upload up; its bytes go with the next collection.
    ///
    /// - Throws: ``RegistryError/uploadUnknown`` when there is none to give up.
    package func cancel(_ id: UploadID, _ permit: Permit<Push>) async throws {
        guard let owner = try await owner(of: id, permit) else { throw RegistryError.uploadUnknown }
        let failed = try await metadata.write(.push) { transaction in
            guard try transaction.upload(owner) != nil else { return false }
            return try transaction.failUpload(id)
        }
        if let session = active.drop(id) { await session.close() }
        guard failed else { throw RegistryError.uploadUnknown }
    }

    /// Takes a chunk: distribution-spec, the PATCH request.
    ///
    /// When the body breaks off, what arrived is published all the same, so that the client may resume behind it.
    ///
    /// - Parameters:
    ///   - range: Where the client says the chunk lies; nil appends at the current offset.
    ///   - length: The body's length in bytes when the client announced it.
    /// - Returns: The upload with everything received so far, durable.
    /// - Throws: ``RegistryError/outOfOrder(_:)`` with nothing changed; ``RegistryError/uploadUnknown``;
    ///   ``RegistryError/sizeMismatch(expected:actual:)`` with nothing published.
    package func append<Body: AsyncSequence>(
        to id: UploadID, _ permit: Permit<Push>, range: ChunkRange?, length: Int64?, body: Body
    ) async throws -> UploadStatus where Body.Element == ByteBuffer {
        try check(length, against: range)
        guard var session = try await resume(id, permit, committing: nil) else { throw RegistryError.uploadUnknown }
        do {
            try await refuseDisorder(session, range)
            try await receive(body, into: &session, range: range)
            try await publish(&session)
        } catch {
            try await settle(&session, after: error)
            throw error
        }
        let status = UploadStatus(id: id, offset: session.published)
        await keep(session)
        try await faults.reach("upload.beforeReply")
        return status
    }

    /// Ends an upload as the blob of a digest: distribution-spec, the closing PUT request, with or without a last chunk.
    ///
    /// The answer is true for ever: the bytes are durable, their digest is verified, and row and link are committed. A repeated
    /// request after a lost answer succeeds again.
    ///
    /// - Throws: ``RegistryError/digestMismatch(expected:actual:)``, after which the upload is given up; the errors of
    ///   ``append(to:_:range:length:body:)``; ``RegistryError/quotaExceeded(used:limit:wanted:)``.
    package func finish<Body: AsyncSequence>(
        _ id: UploadID, as digest: Digest, _ permit: Permit<Push>, range: ChunkRange?, length: Int64?, body: Body
    ) async throws where Body.Element == ByteBuffer {
        try check(length, against: range)
        guard var session = try await resume(id, permit, committing: digest) else { return }
        do {
            try await refuseDisorder(session, range)
            try await receive(body, into: &session, range: range)
        } catch {
            try await settle(&session, after: error)
            throw error
        }
        try await commit(session, as: digest)
        try await faults.reach("upload.beforeReply")
    }

    /// Pushes a blob in one request: distribution-spec, "Single POST".
    package func push<Body: AsyncSequence>(
        _ digest: Digest, _ permit: Permit<Push>, body: Body
    ) async throws where Body.Element == ByteBuffer {
        var session = try await begin(permit, algorithm: digest.algorithm)
        do {
            try await receive(body, into: &session, range: nil)
        } catch {
            await abandon(session)
            throw error
        }
        try await commit(session, as: digest)
        try await faults.reach("upload.beforeReply")
    }
}

extension RegistryService {
    /// Writes the row of a new upload, held by this process.
    private func begin(_ permit: Permit<Push>, algorithm: Digest.Algorithm) async throws -> UploadSession {
        guard active.admit() else { throw RegistryError.tooManyUploads }
        do {
            let base = blobs.newBase()
            let id = UploadID.random()
            let policy = policy
            let holder = caches.process
            // A row of no promise: should a power cut take it, the client is told the upload is unknown, and begins anew.
            let owner = try await translating {
                try await metadata.write(.push, .relaxed) { transaction in
                    let repository = try transaction.ensureRepository(permit.repository, in: permit.project)
                    let usage = try transaction.usage(of: permit.project)
                    if let limit = usage.limit, usage.used >= limit {
                        throw MetadataError.quotaExceeded(used: usage.used, limit: limit, wanted: 1)
                    }
                    let owner = UploadOwner(id: id, repository: repository, caller: permit.caller.key)
                    try transaction.beginUpload(
                        owner, in: permit.project, base: base, holder: holder, life: policy.times.uploadLife)
                    return owner
                }
            }
            try await faults.reach("upload.afterReserve")
            return UploadSession(
                owner: owner, project: permit.project, plan: UploadPlan(base: base), fence: 1, part: 1,
                algorithm: algorithm)
        } catch {
            active.end()
            throw error
        }
    }

    /// The names an upload is bound to, or nil when the repository does not exist.
    private func owner(of id: UploadID, _ permit: Permit<Push>) async throws -> UploadOwner? {
        guard let repository = try await repository(permit.repository, in: permit.project, .push) else { return nil }
        return UploadOwner(id: id, repository: repository, caller: permit.caller.key)
    }

    /// The session of an upload: the one this process keeps, or one that takes the upload over from whoever wrote before.
    ///
    /// - Returns: The session, or nil when the upload is the blob of `digest` already: a repeated request.
    private func resume(
        _ id: UploadID, _ permit: Permit<Push>, committing digest: Digest?
    ) async throws -> UploadSession? {
        guard let owner = try await owner(of: id, permit) else { throw RegistryError.uploadUnknown }
        if let session = active.take(owner) {
            if try await isHeld(session) { return session }
            // Another process has written since: what this one remembers is over, and it takes the upload over like anybody.
            await abandon(session)
        }
        guard active.admit() else { throw RegistryError.tooManyUploads }
        do {
            let session = try await takeOver(owner, permit.project, committing: digest)
            try await faults.reach("upload.afterReserve")
            if session == nil { active.end() }
            return session
        } catch {
            active.end()
            throw error
        }
    }

    private func isHeld(_ session: UploadSession) async throws -> Bool {
        do {
            let row = try await metadata.read(.push) { try $0.upload(session.owner) }
            return row?.fence == session.fence && row?.state == .open
        } catch {
            await abandon(session)
            throw error
        }
    }

    private func takeOver(
        _ owner: UploadOwner, _ project: ProjectID, committing digest: Digest?
    ) async throws -> UploadSession? {
        let holder = caches.process
        let life = policy.times.uploadLife
        // One transaction: read, compare-and-set, and the parts as they stand under the new fence.
        return try await translating {
            try await metadata.write(.push, .relaxed) { transaction -> UploadSession? in
                guard let row = try transaction.upload(owner) else { throw RegistryError.uploadUnknown }
                switch row.state {
                case .done where digest != nil && row.digest == digest: return nil
                case .open: break
                case .committing where digest != nil: break
                case .done, .failed, .committing: throw RegistryError.uploadUnknown
                }
                guard let held = try transaction.acquireUpload(row, holder: holder, life: life) else {
                    throw MetadataError.raced("upload")
                }
                return UploadSession(
                    owner: owner, project: project, plan: try transaction.plan(of: row), fence: held.fence,
                    part: held.part)
            }
        }
    }

    private func check(_ length: Int64?, against range: ChunkRange?) throws {
        guard let length, let range, length != range.length else { return }
        throw RegistryError.sizeMismatch(expected: range.length, actual: length)
    }

    private func refuseDisorder(_ session: UploadSession, _ range: ChunkRange?) async throws {
        guard let range, range.first != session.received else { return }
        throw RegistryError.outOfOrder(UploadStatus(id: session.owner.id, offset: session.published))
    }

    /// Reads the body into the session, publishing now and then.
    private func receive<Body: AsyncSequence>(
        _ body: Body, into session: inout UploadSession, range: ChunkRange?
    ) async throws where Body.Element == ByteBuffer {
        let start = session.received
        var publishedAt = ContinuousClock.now
        var iterator = body.makeAsyncIterator()
        while let bytes = try await next(&iterator) {
            if let range, session.received - start + Int64(bytes.readableBytes) > range.length {
                throw RegistryError.sizeMismatch(
                    expected: range.length, actual: session.received - start + Int64(bytes.readableBytes))
            }
            if policy.blobBytesAtMost > 0, session.received + Int64(bytes.readableBytes) > policy.blobBytesAtMost {
                throw RegistryError.blobTooLarge(limit: policy.blobBytesAtMost)
            }
            try await makeRoom(&session)
            try await translating { try await session.receive(bytes, into: blobs) }
            if session.received - session.published >= policy.publishBytes
                || ContinuousClock.now - publishedAt >= policy.publishInterval
            {
                try await publishSome(&session)
                publishedAt = .now
            }
        }
        if let range, session.received - start != range.length {
            throw RegistryError.sizeMismatch(expected: range.length, actual: session.received - start)
        }
    }

    private func next<Iterator: AsyncIteratorProtocol>(
        _ iterator: inout Iterator
    ) async throws -> ByteBuffer? where Iterator.Element == ByteBuffer {
        do {
            return try await iterator.next()
        } catch {
            throw RegistryError.bodyInterrupted(error)
        }
    }

    /// Before more bytes: ends a part that the store wants ended, and reserves a number for the next part.
    private func makeRoom(_ session: inout UploadSession) async throws {
        if session.isPartFilled, let writer = session.writer {
            let part = try await translating { try await writer.seal() }
            try await count(part, of: writer, &session, sealed: true, reservingNext: true)
        } else if session.needsNumber {
            let (id, fence, life) = (session.owner.id, session.fence, policy.times.uploadLife)
            let held = try await metadata.write(.push, .relaxed) {
                try $0.reservePart(of: id, fence: fence, life: life)
            }
            guard held else { throw try await lost(session.owner) }
            session.takeNumber()
        }
    }

    /// Makes everything that was received durable, then counts it in the row; nothing to do when all of it is.
    func publish(_ session: inout UploadSession) async throws {
        guard session.received > session.published, let writer = session.writer else { return }
        var part = try await translating { try await writer.publish() }
        // A store of whole parts ends this one here.
        let isWhole = part.end < session.received
        if isWhole { part = try await translating { try await writer.seal() } }
        try await count(part, of: writer, &session, sealed: isWhole)
    }

    /// Makes durable, in the midst of a body, what the store can keep of an open part, and counts it.
    private func publishSome(_ session: inout UploadSession) async throws {
        guard let writer = session.writer else { return }
        let part = try await translating { try await writer.publish() }
        if part.end > session.published { try await count(part, of: writer, &session, sealed: false) }
    }

    /// Counts a durable part in the row.
    func count(
        _ part: UploadPart, of writer: any BlobPartWriter, _ session: inout UploadSession, sealed: Bool,
        reservingNext: Bool = false
    ) async throws {
        let (from, driver) = (session.published, writer.driver)
        let (id, fence, life) = (session.owner.id, session.fence, policy.times.uploadLife)
        let held = try await metadata.write(.push, .relaxed) {
            try $0.publish(
                part.row, of: id, fence: fence, from: from, driver: driver, life: life, reservingNext: reservingNext)
        }
        guard held else { throw try await lost(session.owner) }
        try await faults.reach("upload.afterPublish")
        session.count(part, driver: driver, sealed: sealed)
        if reservingNext { session.takeNumber() }
    }

    /// What to tell a writer whose upload somebody else has taken or ended.
    func lost(_ owner: UploadOwner) async throws -> RegistryError {
        let row = try await metadata.read(.push) { try $0.upload(owner) }
        guard let row, row.state == .open else { return .uploadUnknown }
        return .outOfOrder(UploadStatus(id: owner.id, offset: row.offset))
    }

    /// After a failed request: publish what a broken-off body brought, keep a session that only refused, drop any other.
    private func settle(_ session: inout UploadSession, after error: any Error) async throws {
        switch error {
        case RegistryError.bodyInterrupted:
            do {
                try await publish(&session)
                await keep(session)
            } catch {
                await abandon(session)
            }
        case RegistryError.outOfOrder where session.received == session.published:
            await keep(session)
        default:
            await abandon(session)
        }
    }

    private func keep(_ session: UploadSession) async {
        if let older = active.put(session) { await older.close() }
    }

    func abandon(_ session: UploadSession) async {
        active.end()
        await session.close()
    }
}

extension MetadataTransaction {
    /// What is published of an upload, as the store's drivers take it.
    func plan(of row: UploadRow) throws -> UploadPlan {
        UploadPlan(base: row.base, parts: try uploadParts(row.id).map(UploadPart.init), driver: row.driver)
    }
}
