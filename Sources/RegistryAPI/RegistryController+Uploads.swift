// SPDX-License-Identifier: Apache-2.0
import Access
import HTTPSupport
import HTTPTypes
import HummingbirdCore
import Metadata
import OCI
import Registry

extension RegistryController {
    /// `POST /v2/<name>/blobs/uploads/`: begins an upload, pushes a whole blob (`?digest=`), or mounts one (`?mount=&from=`).
    func beginUpload(in name: RepositoryName, _ inquiry: Inquiry) async throws -> Response {
        let query = QueryText(inquiry.request.uri.string)
        let source = try query.value("from").flatMap { RepositoryName($0) }
        let permit = try await permit(in: name, mountingFrom: source, inquiry)
        if let digest = try digest(in: query) {
            try await registry.push(digest, permit, body: inquiry.request.body)
            return created(digest, in: name)
        }
        if let text = try query.value("mount") {
            let digest = try parsed(text)
            if let source, try await mount(digest, from: source, permit) {
                return created(digest, in: name)
            }
        }
        let status = try await registry.beginUpload(permit)
        return Response(status: .accepted, headers: status.headers(under: Inquiry.uploadsPath(of: name)))
    }

    /// Leave to push; who must come back with a token is told to bring one that covers the source of the mount too.
    private func permit(
        in name: RepositoryName, mountingFrom source: RepositoryName?, _ inquiry: Inquiry
    ) async throws(AccessError) -> Permit<Push> {
        do {
            return try await inquiry.permit(Push.self, on: name)
        } catch .unauthenticated(let challenge) {
            throw .unauthenticated(challenge.mounting(from: source))
        }
    }

    /// Mounts when the caller may read the source; otherwise the client uploads.
    ///
    /// - Throws: A challenge for both repositories when the caller may read the source but the token was not asked to
    ///   cover it: clients that reuse a token for pushes would never mount otherwise.
    private func mount(
        _ digest: Digest, from source: RepositoryName, _ target: Permit<Push>
    ) async throws -> Bool {
        let permit: Permit<Pull>
        do {
            permit = try await access.authorize(Pull.self, on: source, as: target.caller)
        } catch .unauthenticated(let challenge) where challenge.fault == .insufficientScope && target.caller.user != nil
        {
            var both = challenge
            both.scope = Challenge.scope(Push.self, on: target.repository)
            throw AccessError.unauthenticated(both.mounting(from: source))
        } catch {
            return false
        }
        return try await registry.mount(digest, from: permit, into: target)
    }

    /// `/v2/<name>/blobs/uploads/<id>`: distribution-spec, "Pushing blobs".
    func upload(_ id: UploadID, in name: RepositoryName, _ inquiry: Inquiry) async throws -> Response {
        try inquiry.require(.get, .head, .patch, .put, .delete)
        let permit = try await inquiry.permit(Push.self, on: name)
        let uploads = Inquiry.uploadsPath(of: name)
        switch inquiry.method {
        case .patch:
            let request = inquiry.request
            let status = try await registry.append(
                to: id, permit, range: try chunkRange(request), length: request.contentLength, body: request.body)
            return Response(status: .accepted, headers: status.headers(under: uploads))
        case .put:
            let digest = try await finish(id, permit, inquiry.request)
            return created(digest, in: name)
        case .delete:
            try await registry.cancel(id, permit)
            return Response(status: .noContent)
        default:
            let status = try await registry.status(of: id, permit)
            return Response(status: .noContent, headers: status.headers(under: uploads))
        }
    }

    private func finish(_ id: UploadID, _ permit: Permit<Push>, _ request: Request) async throws -> Digest {
        guard let digest = try digest(in: QueryText(request.uri.string)) else { throw RouteError.missingDigest }
        try await registry.finish(
            id, as: digest, permit, range: try chunkRange(request), length: request.contentLength, body: request.body)
        return digest
    }

    private func created(_ digest: Digest, in name: RepositoryName) -> Response {
        Response(
            status: .created,
            headers: [.location: "/v2/\(name)/blobs/\(digest)", .dockerContentDigest: digest.description])
    }

    /// The digest a client claims; nil when it claims none.
    ///
    /// - Throws: ``RouteError/digest(_:)`` also when there are several, for only one can be meant.
    private func digest(in query: QueryText) throws -> Digest? {
        let claims = try query.values("digest")
        guard claims.count > 1 else { return try claims.first.map(parsed) }
        throw RouteError.digest(claims.joined(separator: ", "))
    }

    private func parsed(_ text: String) throws(RouteError) -> Digest {
        guard let digest = Digest(text) else { throw .digest(text) }
        return digest
    }

    /// The chunk's place, as `first-last`; the form of RFC 9110 with unit and total is understood too.
    private func chunkRange(_ request: Request) throws(RouteError) -> ChunkRange? {
        guard let header = request.headers[.contentRange] else { return nil }
        var text = header[...]
        if text.hasPrefix("bytes ") { text = text.dropFirst(6) }
        if let slash = text.firstIndex(of: "/") { text = text[..<slash] }
        let ends = text.split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, let first = position(ends[0]), let last = position(ends[1]),
            let range = ChunkRange(first: first, last: last)
        else { throw .malformed("Content-Range must be <first byte>-<last byte>") }
        return range
    }

    private func position(_ text: Substring) -> Int64? {
        text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? Int64(text) : nil
    }
}

extension Challenge {
    /// Asks for leave to pull from `source` too.
    fileprivate func mounting(from source: RepositoryName?) -> Challenge {
        guard let source, let scope else { return self }
        var both = self
        both.scope = scope + " " + Challenge.scope(Pull.self, on: source)
        return both
    }
}
