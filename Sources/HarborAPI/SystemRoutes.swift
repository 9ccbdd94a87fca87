// SPDX-License-Identifier: Apache-2.0

package import HTTPSupport
import HTTPTypes
import HummingbirdCore
import NIOCore
import OCI

/// What a Harbor server tells of itself: to browsers, to Harbor's clients, and to the health check of its guide to high
/// availability, which wants `GET /` to be 200 or 301, `registry_url` in `/api/systeminfo`, and 200 from
/// `/api/repositories/top`, all without an account.
package struct SystemRoutes: Sendable {
    private let info: SystemInfo
    private let sources: Sources

    /// What the routes ask for at each request.
    package struct Sources: Sendable {
        /// The certificate of the authority that clients shall trust, in PEM; nil when there is none to download.
        package var authority: @Sendable () async -> [UInt8]?
        /// Repositories open to everybody, the first of them; also while the database is away.
        package var popular: @Sendable (_ limit: Int) async -> [PublicRepository]
        /// Whether this node wants no more requests.
        package var isDraining: @Sendable () -> Bool
        /// Whether a header `Authorization`, sent from an address, is that of an account.
        package var isKnown: @Sendable (_ authorization: String?, _ address: String) async -> Bool

        package init(
            authority: @escaping @Sendable () async -> [UInt8]?,
            popular: @escaping @Sendable (_ limit: Int) async -> [PublicRepository],
            isDraining: @escaping @Sendable () -> Bool,
            isKnown: @escaping @Sendable (_ authorization: String?, _ address: String) async -> Bool
        ) {
            self.authority = authority
            self.popular = popular
            self.isDraining = isDraining
            self.isKnown = isKnown
        }
    }

    package init(_ info: SystemInfo, _ sources: Sources) {
        self.info = info
        self.sources = sources
    }

    /// Declares the routes, under the paths of Harbor 1.5 and of 2.x.
    package func declare(in routes: inout RouteTable) {
        let reason = "Harbor's clients and its guide's health check ask before they log in"
        for prefix in ["/api", "/api/v2.0"] {
            routes.add(.get, "\(prefix)/systeminfo", access: .open(reason)) { try await systemInfo($0, $1) }
            routes.add(
                .get, "\(prefix)/systeminfo/getcert", access: .open("whoever must trust the server fetches it first")
            ) { request, _ in await certificate(request) }
        }
        routes.add(.get, "/api/repositories/top", access: .open(reason)) { try await popular($0, $1) }
        routes.add(.get, "/", access: .open("says what this server is")) { _, context in
            WelcomePage(registry: info.registry ?? context.host).response()
        }
    }

    private func systemInfo(_ request: Request, _ context: HavenRequestContext) async throws -> Response {
        let inFull = await sources.isKnown(request.headers[.authorization], context.clientAddress)
        let hasAuthority = await sources.authority() != nil
        return jsonResponse { json in
            info.write(to: &json, asked: context.host, hasAuthority: hasAuthority, inFull: inFull)
        }
    }

    private func certificate(_ request: Request) async -> Response {
        guard let bytes = await sources.authority() else {
            return Surface(path: request.uri.path).failure(
                .notFound, "there is no ca.crt in the folder ca_download of this server")
        }
        return Response(
            status: .ok,
            headers: [
                .contentType: "application/octet-stream", .contentDisposition: "attachment; filename=ca.crt",
                .cacheControl: "no-cache",
            ],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    /// Harbor orders by pulls, which are not counted here; so they come by name. A draining node answers 404, so that
    /// balancers with the guide's check leave it.
    private func popular(_ request: Request, _ context: HavenRequestContext) async throws -> Response {
        if sources.isDraining() {
            return Surface(path: request.uri.path).failure(.notFound, "this node is draining; ask another")
        }
        let limit = try Self.count(request)
        let repositories = await sources.popular(limit)
        return jsonResponse { json in
            json.beginArray()
            for repository in repositories { repository.write(to: &json) }
            json.endArray()
        }
    }

    private static func count(_ request: Request) throws(RequestFault) -> Int {
        guard let text = try QueryText(request.uri.string).value("count") else { return 10 }
        guard let count = Int(text), (1...100).contains(count) else {
            throw .badQuery("count must be a whole number from 1 to 100")
        }
        return count
    }
}
