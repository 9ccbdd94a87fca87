// SPDX-License-Identifier: Apache-2.0

package import BlobStorage
import Logging
import NIOCore
package import OCI

/// Keeps blobs in an object store, whoever's it is: the one implementation over every ``ObjectService``.
///
/// A part waits on disk until it is long enough for the store, or its request ends; then it is sent with a checksum. A blob
/// of one part is that part's object. More parts are joined by the store itself, and no byte comes back through here, unless
/// somebody else may have joined them.
package struct CloudBlobStore: BlobStore, KeepsSecrets {
    let service: any ObjectService
    let spool: Spool
    private let redirects: Bool

    package var name: String { service.name }

    /// - Parameters:
    ///   - service: Owned by the store from here on.
    ///   - spool: Owned by the store from here on.
    ///   - redirects: Whether clients are sent to the store itself, where it can sign addresses.
    package init(_ service: any ObjectService, spool: Spool, redirects: Bool = true) {
        self.service = service
        self.spool = spool
        self.redirects = redirects
    }

    package func newBase() -> String { BlobName.random() }

    package var verifiesParts: Bool { true }

    package func beginPart(
        _ number: Int, of plan: UploadPlan, at start: Int64
    ) async throws(BlobStorageError) -> any BlobPartWriter {
        guard start == plan.end else { throw .invalid("a part must begin where the upload ends") }
        let bytes = SpooledBytes(in: spool, service.rules.checksums)
        let tail = plan.parts.last.flatMap { mustBeReadBack($0) ? $0 : nil }
        if let tail { try await load(tail, into: bytes) }
        return CloudPartWriter(number, of: plan, after: tail, bytes, service)
    }

    package func finished(_ plan: UploadPlan) -> BlobLocation? {
        let parts = plan.parts.filter { $0.length > 0 }
        guard let part = parts.first ?? plan.parts.first, parts.count <= 1, part.start == 0,
            !part.name.isEmpty, !service.isPiece(part)
        else { return nil }
        return BlobLocation(rawValue: part.name)
    }

    package func assemble(
        _ plan: UploadPlan, asNumber number: Int, hashing: Digest.Algorithm?
    ) async throws(BlobStorageError) -> AssembledBlob {
        let joined = try await join(plan, number)
        guard try await size(of: joined) == plan.end else {
            throw .lost("\(joined.location) is missing or has another size than its rows")
        }
        let algorithm = joined.isDoubtful ? hashing ?? .sha256 : hashing
        var digest: Digest?
        if let algorithm { digest = try await self.digest(of: joined.location, algorithm) }
        return AssembledBlob(location: joined.location, size: plan.end, digest: digest, members: joined.members)
    }

    package func reservedLocations(base: String, through number: Int, driver: String) -> [DoomedObject] {
        number < 1 ? [] : service.reserved(base: base, through: number, state: driver)
    }

    package func open(_ location: BlobLocation) async throws(BlobStorageError) -> any BlobReader {
        guard location.isWellFormed else { throw .invalid("malformed location") }
        return CloudBlobReader(location, try await service.read(location, from: 0), service)
    }

    package func redirect(to location: BlobLocation) async -> String? {
        redirects && location.isWellFormed ? await service.signedURL(of: location) : nil
    }

    package func delete(_ objects: [DoomedObject]) async -> [DeleteOutcome] {
        let good = objects.filter { $0.location.isWellFormed }
        var outcomes = await service.delete(good).makeIterator()
        return objects.map { object in
            guard object.location.isWellFormed else { return .failed(.invalid("malformed location")) }
            return outcomes.next() ?? .failed(.unreachable("the store did not say what became of it"))
        }
    }

    package func size(of location: BlobLocation) async throws(BlobStorageError) -> Int64? {
        guard location.isWellFormed else { throw .invalid("malformed location") }
        return try await service.size(of: location)
    }

    package func list(
        _ visit: (BlobLocation, _ size: Int64, _ modified: Int64) async throws -> Void
    ) async throws {
        var mark: String?
        repeat {
            try Task.checkCancellation()
            let page = try await service.list(after: mark)
            for entry in page.entries { try await visit(entry.location, entry.size, entry.modified) }
            mark = page.next
        } while mark != nil
    }

    package func space() async -> StorageSpace? { nil }

    package func probe() async throws(BlobStorageError) { try await StorageProbe.run(on: self) }

    package func close() async {
        await service.close()
        await spool.close()
    }
}

extension CloudBlobStore {
    /// One object of a plan's parts.
    private func join(_ plan: UploadPlan, _ number: Int) async throws(BlobStorageError) -> JoinedObject {
        var end: Int64 = 0
        for part in plan.parts {
            guard part.start == end else { throw .invalid("the parts leave a gap") }
            end = part.end
        }
        var pieces = plan.parts.filter { $0.length > 0 }
        if let location = finished(plan) {
            let size = try await service.size(of: location)
            guard let size, size >= plan.end else { throw .lost("\(location) is missing or too short") }
            if size == plan.end { return JoinedObject(location) }
            return JoinedObject(try await copied(pieces, to: CloudNames.object(plan.base, number)))
        }
        guard let last = pieces.last else {
            let location = CloudNames.object(plan.base, number)
            _ = try await service.put(SpooledBytes(in: spool, service.rules.checksums), at: location)
            return JoinedObject(location)
        }
        var state = plan.driver
        if !service.isPiece(last) {
            let bytes = SpooledBytes(in: spool, service.rules.checksums)
            try await load(last, into: bytes)
            let own = service.rules.reusesTailNumber ? last.number : number
            do throws(BlobStorageError) {
                let piece = try await service.putPiece(bytes, number: own, base: plan.base, state: state)
                state = piece.state
                pieces[pieces.count - 1] = UploadPart(
                    number: own, start: last.start, length: last.length, name: piece.name, etag: piece.etag)
            } catch .notFound {
                // Another process has joined them meanwhile, and nothing more can be added; joining finds that out.
            }
        }
        return try await service.join(pieces, base: plan.base, number: number, state: state)
    }

    /// The size of what was joined. Somebody else who joins it may not be done yet: then a few looks, with pauses.
    private func size(of joined: JoinedObject) async throws(BlobStorageError) -> Int64? {
        for pause in joined.isDoubtful ? [200, 500, 1_000, 2_000] : [] {
            if let size = try await service.size(of: joined.location) { return size }
            do { try await Task.sleep(for: .milliseconds(pause)) } catch { throw .unreachable("cancelled") }
        }
        return try await service.size(of: joined.location)
    }

    /// A copy of parts that hold more bytes than count. No driver publishes such parts; rows from elsewhere might.
    private func copied(_ parts: [UploadPart], to location: BlobLocation) async throws(BlobStorageError) -> BlobLocation
    {
        let bytes = SpooledBytes(in: spool, service.rules.checksums)
        for part in parts { try await load(part, into: bytes) }
        _ = try await service.put(bytes, at: location)
        return location
    }

    /// Whether a part cannot stay when another one follows: a short tail, or an object where only numbers are joined.
    private func mustBeReadBack(_ part: UploadPart) -> Bool {
        part.length > 0 && (!service.isPiece(part) || part.length < service.rules.smallestPiece)
    }

    private func load(_ part: UploadPart, into bytes: SpooledBytes) async throws(BlobStorageError) {
        let location = BlobLocation(rawValue: part.name)
        let reader: any BlobReader
        do throws(BlobStorageError) { reader = try await open(location) } catch {
            throw error == .notFound ? .lost("\(part.name) is missing") : error
        }
        guard reader.size >= part.length else {
            await reader.close()
            throw .lost("\(part.name) is shorter than its row says")
        }
        do throws(BlobStorageError) {
            var offset: Int64 = 0
            while offset < part.length {
                let piece = try await reader.read(at: offset, upTo: Int(min(64 << 10, part.length - offset)))
                try await bytes.append(piece)
                offset += Int64(piece.readableBytes)
            }
        } catch {
            await reader.close()
            throw error
        }
        await reader.close()
    }
}
