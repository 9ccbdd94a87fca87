// SPDX-License-Identifier: Apache-2.0
import Access
import HTTPSupport
import HTTPTypes
import HummingbirdCore
import Metadata
import NIOCore
import OCI
import Registry

extension RegistryController {
    /// The most entries a page has, whatever a client asks for.
    private static let pageLimit = 10_000
    /// The most referrers a page has: each brings its annotations.
    private static let referrersLimit = 1_000

    /// `GET /v2/`: whoever has valid credentials hears that this is a registry.
    func version(_ inquiry: Inquiry) async throws -> Response {
        try await access.authorizeBase(as: try await inquiry.caller())
        return memoryResponse(
            inquiry.request, inquiry.context, bytes: ByteBuffer(string: "{}"),
            headers: [.contentType: "application/json", .dockerAPIVersion: "registry/2.0"])
    }

    /// `GET /v2/_catalog`
    func catalog(_ inquiry: Inquiry) async throws -> Response {
        try await access.authorizeCatalog(as: try await inquiry.caller())
        let query = try page(inquiry, limit: Self.pageLimit)
        let page = try await registry.catalog(after: query.last ?? "", limit: query.count)
        var json = JSONWriter()
        json.beginObject()
        json.list("repositories", page.items)
        json.endObject()
        return list(json, inquiry, query, last: page.hasMore ? page.items.last : nil)
    }

    /// `GET /v2/<name>/tags/list`: distribution-spec, "Listing Tags".
    func tags(of name: RepositoryName, _ inquiry: Inquiry) async throws -> Response {
        let permit = try await inquiry.permit(Pull.self, on: name)
        let query = try page(inquiry, limit: Self.pageLimit)
        let page = try await registry.tags(permit, after: query.last ?? "", limit: query.count)
        var json = JSONWriter()
        json.beginObject()
        json.key("name")
        json.string(name.description)
        json.list("tags", page.items)
        json.endObject()
        return list(json, inquiry, query, last: page.hasMore ? page.items.last : nil)
    }

    /// `GET /v2/<name>/referrers/<digest>`: distribution-spec, "Listing Referrers".
    func referrers(of digest: Digest, in name: RepositoryName, _ inquiry: Inquiry) async throws -> Response {
        let permit = try await inquiry.permit(Pull.self, on: name)
        let query = try page(inquiry, limit: Self.referrersLimit)
        let type = try QueryText(inquiry.request.uri.string).value("artifactType").flatMap { $0.isEmpty ? nil : $0 }
        let page = try await registry.referrers(
            of: digest, permit, artifactType: type, after: try lastDigest(query), limit: query.count)
        var headers: HTTPFields = [.contentType: MediaType.imageIndex.description]
        if type != nil { headers[.ociFiltersApplied] = "artifactType" }
        if page.hasMore, let last = page.items.last {
            let filter = type.map { [(name: "artifactType", value: $0)] } ?? []
            headers[.link] = LinkHeader.next(
                inquiry.request.uri.path,
                filter + [(name: "last", value: last.digest.description), (name: "n", value: "\(query.count)")])
        }
        return memoryResponse(
            inquiry.request, inquiry.context, bytes: ByteBuffer(bytes: page.items.index), headers: headers)
    }

    private func page(_ inquiry: Inquiry, limit: Int) throws(RouteError) -> PageQuery {
        do {
            return try PageQuery(inquiry.request, limit: limit)
        } catch {
            throw .page("n must be a whole number from 0, and last a name")
        }
    }

    private func lastDigest(_ query: PageQuery) throws(RouteError) -> Digest? {
        guard let text = query.last else { return nil }
        guard let digest = Digest(text) else { throw .digest(text) }
        return digest
    }

    private func list(_ json: JSONWriter, _ inquiry: Inquiry, _ query: PageQuery, last: String?) -> Response {
        var headers: HTTPFields = [.contentType: "application/json"]
        if let last {
            headers[.link] = LinkHeader.next(
                inquiry.request.uri.path, [(name: "last", value: last), (name: "n", value: "\(query.count)")])
        }
        return memoryResponse(
            inquiry.request, inquiry.context, bytes: ByteBuffer(bytes: json.bytes), headers: headers)
    }
}

extension JSONWriter {
    fileprivate mutating func list(_ name: String, _ values: [String]) {
        key(name)
        beginArray()
        for value in values { string(value) }
        endArray()
    }
}

extension [Referrer] {
    /// The list as an image index.
    fileprivate var index: [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.key("schemaVersion")
        json.int(2)
        json.key("mediaType")
        json.string(MediaType.imageIndex.description)
        json.key("manifests")
        json.beginArray()
        for referrer in self { referrer.write(to: &json) }
        json.endArray()
        json.endObject()
        return json.bytes
    }
}

extension Referrer {
    fileprivate func write(to json: inout JSONWriter) {
        json.beginObject()
        json.key("mediaType")
        json.string(mediaType)
        json.key("digest")
        json.string(digest.description)
        json.key("size")
        json.int(size)
        if let artifactType {
            json.key("artifactType")
            json.string(artifactType)
        }
        if annotations != "{}" {
            json.key("annotations")
            json.raw(Array(annotations.utf8))
        }
        json.endObject()
    }
}
