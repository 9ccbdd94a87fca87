// SPDX-License-Identifier: Apache-2.0

import BlobStorage
import NIOCore
import OCI

/// What a login gives: a token, and where the account's containers are.
struct SwiftAccess: Hashable, Sendable, KeepsSecrets {
    var token: String
    var storage: ServerAddress
}

/// Logs in to Swift's own accounts (version 1) or to Keystone (2 and 3).
struct SwiftLogin: Sendable {
    let options: SwiftOptions
    let transport: CloudTransport

    func login() async throws(CloudFailure) -> SwiftAccess {
        switch options.version {
        case .v1: return try await version1()
        case .v2: return try await version2()
        case .v3: return try await version3()
        }
    }

    private var url: String { options.authURL?.url ?? "" }

    private func version1() async throws(CloudFailure) -> SwiftAccess {
        let headers = [(name: "X-Auth-User", value: options.username), (name: "X-Auth-Key", value: options.password)]
        let answer = try await send(CloudRequest("GET", url, headers: headers))
        await answer.discard()
        return try access(answer.header("x-auth-token"), answer.header("x-storage-url"))
    }

    private func version2() async throws(CloudFailure) -> SwiftAccess {
        var json = JSONWriter()
        json.beginObject()
        json.key("auth")
        json.beginObject()
        json.key("passwordCredentials")
        json.beginObject()
        json.member("username", options.username)
        json.member("password", options.password)
        json.endObject()
        if let id = options.tenantID {
            json.member("tenantId", id)
        } else if let name = options.tenant {
            json.member("tenantName", name)
        }
        json.endObject()
        json.endObject()
        let answer = try await post("\(url)/tokens", json)
        let body = try await document(answer)["access"]
        let wanted = "\(options.interface)URL"
        let address = endpoints(body?["serviceCatalog"]).first { isHere($0) && $0[wanted] != nil }?[wanted]
        return try access(body?["token"]?["id"]?.string, address?.string)
    }

    private func version3() async throws(CloudFailure) -> SwiftAccess {
        let users = domains(id: options.domainID, name: options.domain)
        var refusal = CloudFailure.unanswered("no domain was tried")
        for domain in users {
            do throws(CloudFailure) { return try await version3(in: domain) } catch {
                guard error.status == 401 else { throw error }
                refusal = error
            }
        }
        throw refusal
    }

    private func version3(in domain: JSONMember) async throws(CloudFailure) -> SwiftAccess {
        var json = JSONWriter()
        json.beginObject()
        json.key("auth")
        json.beginObject()
        json.key("identity")
        json.value(identity(in: domain))
        if let scope = scope(in: domain) {
            json.key("scope")
            json.value(scope)
        }
        json.endObject()
        json.endObject()
        let answer = try await post("\(url)/auth/tokens", json)
        let token = answer.header("x-subject-token")
        let catalog = try await document(answer)["token"]?["catalog"]
        let address = endpoints(catalog).first { isHere($0) && $0["interface"]?.string == options.interface }
        return try access(token, address?["url"]?.string)
    }

    private func identity(in domain: JSONMember) -> JSONValue {
        let user = object([
            ("name", .string(options.username)), ("domain", .object([domain])), ("password", .string(options.password)),
        ])
        return object([
            ("methods", .array([.string("password")])), ("password", object([("user", user)])),
        ])
    }

    private func scope(in domain: JSONMember) -> JSONValue? {
        if let trust = options.trustID { return object([("OS-TRUST:trust", object([("id", .string(trust))]))]) }
        if let id = options.tenantID { return object([("project", object([("id", .string(id))]))]) }
        guard let name = options.tenant else { return nil }
        let own = domains(id: options.tenantDomainID, name: options.tenantDomain)
        let isGiven = options.tenantDomainID != nil || options.tenantDomain != nil
        let place = isGiven ? own.first ?? domain : domain
        return object([("project", object([("name", .string(name)), ("domain", .object([place]))]))])
    }

    /// How a domain may be meant, likeliest first. Keystone's first domain has the id `default` and the name `Default`, and
    /// people write either; other names are tried as ids, too.
    private func domains(id: String?, name: String?) -> [JSONMember] {
        if let id { return [JSONMember(key: "id", value: .string(id))] }
        guard let name else { return [JSONMember(key: "id", value: .string("default"))] }
        let asID = JSONMember(key: "id", value: .string(name.lowercased() == "default" ? "default" : name))
        let asName = JSONMember(key: "name", value: .string(name))
        return name.lowercased() == "default" ? [asID, asName] : [asName, asID]
    }

    private func endpoints(_ catalog: JSONValue?) -> [JSONValue] {
        (catalog?.array ?? []).filter { $0["type"]?.string == "object-store" }
            .flatMap { $0["endpoints"]?.array ?? [] }
    }

    private func isHere(_ endpoint: JSONValue) -> Bool {
        guard let region = options.region else { return true }
        return endpoint["region"]?.string == region || endpoint["region_id"]?.string == region
    }

    private func access(_ token: String?, _ address: String?) throws(CloudFailure) -> SwiftAccess {
        guard let token, !token.isEmpty else { throw .unanswered("the login gave no token") }
        guard let storage = address.flatMap({ ServerAddress($0) }) else {
            let place = options.region.map { " in region \($0)" } ?? ""
            throw .local(.refused("the catalog has no \(options.interface) object store\(place)"))
        }
        return SwiftAccess(token: token, storage: storage)
    }

    private func object(_ members: [(String, JSONValue)]) -> JSONValue {
        .object(members.map { JSONMember(key: $0.0, value: $0.1) })
    }

    private func post(_ url: String, _ json: JSONWriter) async throws(CloudFailure) -> CloudAnswer {
        let headers = [
            (name: "Content-Type", value: "application/json"), (name: "Accept", value: "application/json"),
        ]
        return try await send(CloudRequest("POST", url, headers: headers, body: .bytes(json.bytes)))
    }

    private func send(_ request: CloudRequest) async throws(CloudFailure) -> CloudAnswer {
        try await transport.send("swift login", wanted: [200, 201, 203, 204]) { request }
    }

    private func document(_ answer: CloudAnswer) async throws(CloudFailure) -> JSONValue {
        let bytes = try await answer.collect(upTo: 4 << 20)
        do { return try JSONValue(parsing: Array(bytes.readableBytesView)) } catch {
            throw .unanswered("the answer is no JSON: \(error)")
        }
    }
}

/// Keeps the login of a node; many requests that find the token refused at once wait for one new login.
actor SwiftSession {
    private let login: SwiftLogin
    private var current: SwiftAccess?
    private var running: Task<Result<SwiftAccess, CloudFailure>, Never>?

    init(_ login: SwiftLogin) { self.login = login }

    /// The login to use now.
    ///
    /// - Parameter refused: A login that the store did not take any more.
    func access(replacing refused: SwiftAccess? = nil) async throws(CloudFailure) -> SwiftAccess {
        if let current, current != refused { return current }
        if let running { return try await running.value.get() }
        let login = login
        // Awaited below and by everybody who comes meanwhile; it ends with the transport's deadlines.
        let task = Task { () -> Result<SwiftAccess, CloudFailure> in
            do throws(CloudFailure) { return .success(try await login.login()) } catch { return .failure(error) }
        }
        running = task
        let result = await task.value
        running = nil
        current = try? result.get()
        return try result.get()
    }
}
