// SPDX-License-Identifier: Apache-2.0
package import Access
package import HTTPSupport
import HTTPTypes
import HummingbirdCore
import Metadata
import OCI
package import Registry
import SQLStorage

/// The distribution API under `/v2/`: reads requests, takes permits, asks ``RegistryService``, writes answers.
package struct RegistryController: Sendable {
    let access: AccessService
    let registry: RegistryService

    /// Makes the controller of one node.
    package init(access: AccessService, registry: RegistryService) {
        self.access = access
        self.registry = registry
    }

    /// Declares every method under `/v2/`. The path itself is read by ``RegistryRoute``, for names contain slashes.
    package func declare(in routes: inout RouteTable) {
        for method in [HTTPRequest.Method.get, .post, .put, .patch, .delete] {
            for pattern in ["/v2", "/v2/**"] {
                routes.add(method, pattern, access: .registry) { request, context in
                    try await answer(request, context)
                }
            }
        }
    }

    private func answer(_ request: Request, _ context: HavenRequestContext) async throws -> Response {
        do {
            let route = try RegistryRoute(path: request.uri.path)
            return try await dispatch(route, Inquiry(request: request, context: context, access: access))
        } catch let error as RouteError {
            throw error.failure
        } catch let error as AccessError {
            throw error.failure(for: request, context)
        } catch let error as RegistryError {
            throw error.failure(uploadsPath: uploadsPath(of: request))
        } catch let error as MetadataError {
            throw error.failure
        } catch let error as SQLError {
            throw error.failure
        }
    }

    /// One switch over everything there is; each arm begins by taking the permit it needs.
    private func dispatch(_ route: RegistryRoute, _ inquiry: Inquiry) async throws -> Response {
        switch route {
        case .version:
            try inquiry.require(.get, .head)
            return try await version(inquiry)
        case .catalog:
            try inquiry.require(.get, .head)
            return try await catalog(inquiry)
        case .tags(let name):
            try inquiry.require(.get, .head)
            return try await tags(of: name, inquiry)
        case .referrers(let name, let digest):
            try inquiry.require(.get, .head)
            return try await referrers(of: digest, in: name, inquiry)
        case .manifest(let name, let reference):
            return try await manifest(reference, in: name, inquiry)
        case .blob(let name, let digest):
            return try await blob(digest, in: name, inquiry)
        case .uploads(let name):
            try inquiry.require(.post)
            return try await beginUpload(in: name, inquiry)
        case .upload(let name, let id):
            return try await upload(id, in: name, inquiry)
        }
    }

    private func uploadsPath(of request: Request) -> String {
        guard let route = try? RegistryRoute(path: request.uri.path), case .upload(let name, _) = route else {
            return ""
        }
        return Inquiry.uploadsPath(of: name)
    }
}

/// One request with what is known about it.
struct Inquiry {
    let request: Request
    let context: HavenRequestContext
    fileprivate let access: AccessService

    var method: HTTPRequest.Method { request.method }

    /// Who sent the request; for the endpoints that name no repository.
    func caller() async throws(AccessError) -> Caller {
        let caller = try await access.identify(
            authorization: request.headers[.authorization], address: context.clientAddress)
        context.notes.note("caller", caller.name)
        return caller
    }

    /// Leave to do `P` in a repository, or the refusal to answer with.
    func permit<P: Permission>(_ permission: P.Type, on name: RepositoryName) async throws(AccessError) -> Permit<P> {
        let authorization = request.headers[.authorization]
        if let known = try knownPermit(P.self, on: name, authorization) { return noted(known) }
        return noted(
            try await access.permit(P.self, on: name, authorization: authorization, address: context.clientAddress))
    }

    /// The permit of a caller that is known already: by the connection, which saves hashing the token again, or by the node.
    private func knownPermit<P: Permission>(
        _ permission: P.Type, on name: RepositoryName, _ authorization: String?
    ) throws(AccessError) -> Permit<P>? {
        if let last = context.memo.value as? LastCaller, last.authorization == authorization, last.isFresh {
            return try access.authorizeIfKnown(P.self, on: name, as: last.caller)
        }
        guard let caller = access.identifyIfKnown(authorization: authorization) else { return nil }
        if let authorization, case .token = caller {
            context.memo.value = LastCaller(authorization: authorization, caller: caller)
        }
        return try access.authorizeIfKnown(P.self, on: name, as: caller)
    }

    private func noted<P: Permission>(_ permit: Permit<P>) -> Permit<P> {
        context.notes.note("caller", permit.caller.name)
        return permit
    }

    /// Refuses methods the endpoint does not have.
    func require(_ methods: HTTPRequest.Method...) throws(RouteError) {
        guard methods.contains(method) else { throw .methodNotAllowed(methods.map(\.rawValue)) }
    }

    /// Where a repository's uploads are, relative to the server, for `Location`.
    static func uploadsPath(of name: RepositoryName) -> String { "/v2/\(name)/blobs/uploads/" }
}

/// Whom a connection's last token spoke for. Rights, expiry and account are looked at anew in each request.
private struct LastCaller: Sendable {
    let authorization: String
    let caller: Caller
    private let end = ContinuousClock.now + .seconds(5)

    init(authorization: String, caller: Caller) {
        self.authorization = authorization
        self.caller = caller
    }

    /// A key that was taken out of the database is out of use within the minute, and this is a small part of it.
    var isFresh: Bool { ContinuousClock.now < end }
}
