// SPDX-License-Identifier: Apache-2.0
import OCI
import Testing

@testable import Access

@Suite("Requests for tokens")
struct TokenRequestTests {
    private func ask(
        _ world: AccessWorld, _ parameters: [(name: String, value: String)], _ authorization: String?
    ) async throws(AccessError) -> [UInt8] {
        func values(_ name: String) -> [String] { parameters.filter { $0.name == name }.map(\.value) }
        return try await world.access.answerTokenRequest(
            services: values("service"), scopes: values("scope"), authorization: authorization,
            address: AccessWorld.address)
    }

    private let service = (name: "service", value: "harbor-registry")

    @Test("the answer holds the token twice, its life in seconds and the time of issue")
    func answer() async throws {
        try await withAccess { world in
            let bytes = try await ask(
                world, [service, ("scope", "repository:open/app:pull"), ("account", "writer"), ("client_id", "x")],
                world.basic("writer"))
            let answer = try JSONValue(parsing: bytes)
            let token = try #require(answer["token"]?.string)
            #expect(answer["access_token"]?.string == token)
            #expect(answer["expires_in"]?.integer == 300)
            #expect(answer["issued_at"]?.string == "2027-01-15T08:00:00Z")
            #expect(try claims(token)["sub"]?.string == "writer")
        }
    }

    @Test("the service must be named, once, and be this one")
    func wrongService() async throws {
        try await withAccess { world in
            for parameters in [[], [("service", "other")], [service, service]] as [[(name: String, value: String)]] {
                let found = await outcome { () throws(AccessError) in try await ask(world, parameters, nil) }
                #expect(found == "serviceUnknown")
            }
        }
    }

    @Test("without credentials a scope is needed, with them none is")
    func anonymous() async throws {
        try await withAccess { world in
            let scope = (name: "scope", value: "repository:open/app:pull")
            #expect(
                await outcome { () throws(AccessError) in try await ask(world, [service], nil) } == "unauthenticated")
            #expect(await outcome { () throws(AccessError) in try await ask(world, [service, scope], nil) } == "ok")
            #expect(
                await outcome { () throws(AccessError) in try await ask(world, [service], world.basic("writer")) }
                    == "ok")
            let wrong = await outcome { () throws(AccessError) in
                try await ask(world, [service, scope], world.basic("writer", "Wrong1Password"))
            }
            #expect(wrong == "badCredentials", "wrong credentials are never taken for none")
        }
    }

    @Test("nonsense in a scope is refused before the password is looked at")
    func scopesFirst() async throws {
        try await withAccess { world in
            let found = await outcome { () throws(AccessError) in
                try await ask(world, [service, ("scope", "nonsense")], world.basic("writer"))
            }
            #expect(found == "scopeInvalid")
            #expect(world.access.passwordChecks == 5, "the five that made the accounts")
        }
    }

    @Test("the same order within seconds gives the same token, a changed right another")
    func reuse() async throws {
        try await withAccess { world in
            let caller = try await world.logIn("writer")
            let scopes = ["repository:closed/app:pull,push"]
            let first = try await world.access.issueToken(scopes: scopes, caller: caller)
            let again = try await world.access.issueToken(scopes: scopes, caller: caller)
            #expect((again.token == first.token) == world.tellsChanges)
            try await world.access.setMember(project: "closed", user: "writer", role: .read)
            let second = try await world.access.issueToken(scopes: scopes, caller: caller)
            let entry = try #require(try claims(second.token)["access"]?.array?.first)
            #expect(entry["actions"] == .array([.string("pull")]))
        }
    }
}
