// SPDX-License-Identifier: Apache-2.0
import Access
import HTTPSupport
import HTTPTypes
import HummingbirdCore
import NIOCore
import OCI
import Registry

extension RegistryController {
    /// `/v2/<name>/manifests/<reference>`: distribution-spec, "Pulling manifests", "Pushing Manifests", "Deleting".
    func manifest(_ reference: Reference, in name: RepositoryName, _ inquiry: Inquiry) async throws -> Response {
        try inquiry.require(.get, .head, .put, .delete)
        switch inquiry.method {
        case .put: return try await putManifest(reference, in: name, inquiry)
        case .delete: return try await deleteManifest(reference, in: name, inquiry)
        default: return try await getManifest(reference, in: name, inquiry)
        }
    }

    private func getManifest(
        _ reference: Reference, in name: RepositoryName, _ inquiry: Inquiry
    ) async throws -> Response {
        let permit = try await inquiry.permit(Pull.self, on: name)
        let manifest: StoredManifest
        if let known = registry.knownManifest(reference, permit) {
            manifest = known
        } else {
            manifest = try await registry.manifest(reference, permit)
        }
        let digest = manifest.digest.description
        var headers: HTTPFields = [
            .contentType: manifest.mediaType, .dockerContentDigest: digest, .eTag: "\"\(digest)\"",
        ]
        if manifest.isStale || permit.isStale { headers.markStale() }
        return memoryResponse(inquiry.request, inquiry.context, bytes: manifest.bytes, headers: headers)
    }

    private func putManifest(
        _ reference: Reference, in name: RepositoryName, _ inquiry: Inquiry
    ) async throws -> Response {
        let permit = try await inquiry.permit(Push.self, on: name)
        let tags = try extraTags(inquiry.request)
        let bytes = try await manifestBody(inquiry.request)
        let pushed = try await registry.putManifest(
            ManifestPush(
                bytes: bytes, contentType: inquiry.request.headers[.contentType], reference: reference, tags: tags),
            permit)
        var headers: HTTPFields = [
            .location: "/v2/\(name)/manifests/\(pushed.digest)", .dockerContentDigest: pushed.digest.description,
        ]
        if let subject = pushed.subject { headers[.ociSubject] = subject.description }
        for tag in tags { headers.append(HTTPField(name: .ociTag, value: tag.description)) }
        return Response(status: .created, headers: headers)
    }

    /// The `tag` parameters: more tags for the same manifest.
    private func extraTags(_ request: Request) throws -> [Tag] {
        let texts = try QueryText(request.uri.string).values("tag")
        guard texts.count <= 100 else { throw RouteError.malformed("at most 100 tags can be given at once") }
        return try texts.map { text in
            guard let tag = Tag(text) else { throw RouteError.tag(text) }
            return tag
        }
    }

    private func manifestBody(_ request: Request) async throws -> [UInt8] {
        let tooLarge = RegistryFailure(
            .contentTooLarge, .manifestInvalid, "a manifest has at most \(Manifest.byteLimit) bytes")
        if let length = request.contentLength, length > Manifest.byteLimit { throw tooLarge }
        var bytes: [UInt8] = []
        for try await buffer in request.body {
            guard bytes.count + buffer.readableBytes <= Manifest.byteLimit else { throw tooLarge }
            bytes += buffer.readableBytesView
        }
        return bytes
    }

    private func deleteManifest(
        _ reference: Reference, in name: RepositoryName, _ inquiry: Inquiry
    ) async throws -> Response {
        let permit = try await inquiry.permit(Delete.self, on: name)
        switch reference {
        case .tag(let tag): try await registry.delete(tag, permit)
        case .digest(let digest): try await registry.deleteManifest(digest, permit)
        }
        return Response(status: .accepted)
    }
}

extension Request {
    /// The announced length of the body in bytes; nil when it is sent in chunks.
    var contentLength: Int64? { headers[.contentLength].flatMap { Int64($0) } }
}
