// SPDX-License-Identifier: Apache-2.0
import OCI
import Testing

@testable import Access

@Suite("Token scopes")
struct ScopeTests {
    @Test(
        "scopes of the grammar are read",
        arguments: [
            ("repository:library/app:pull", "repository", "library/app", ["pull"]),
            ("repository:library/app:pull,push", "repository", "library/app", ["pull", "push"]),
            ("repository(plugin):library/app:pull", "repository", "library/app", ["pull"]),
            ("repository:library/app:*", "repository", "library/app", ["*"]),
            ("repository:library/app:", "repository", "library/app", []),
            ("repository:Example.com:5000/library/app:pull", "repository", "Example.com:5000/library/app", ["pull"]),
            ("registry:catalog:*", "registry", "catalog", ["*"]),
            ("artifact-less1:x:y", "", "", []),
        ])
    func reads(text: String, type: String, name: String, actions: [String]) throws {
        guard !type.isEmpty else {
            #expect(throws: AccessError.self) { try TokenScope.parse([text]) }
            return
        }
        let scope = try #require(try TokenScope.parse([text]).first)
        #expect((scope.type, scope.name, scope.actions) == (type, name, actions))
    }

    @Test(
        "what does not follow the grammar is refused with a reason",
        arguments: [
            "repository", "repository:", "repository:a", ":a/b:pull", "repository::pull", "repository:a/b:PULL",
            "repository:a/b:pull;push", "repository:a/b:pull,push\n", "repository:a/\u{0}b:pull", "repository:ä/b:pull",
            "repository:a/b\"c:pull", "repository(:a/b:pull", "repository(x)y:a/b:pull", "Repository:a/b:pull",
            "repository:../../etc:pull%2cpush", "repository:\(String(repeating: "a", count: 1100)):pull",
            "repository:a/b:\(String(repeating: "x,", count: 20))x",
        ])
    func refuses(text: String) {
        #expect {
            try TokenScope.parse([text])
        } throws: { error in
            guard case AccessError.scopeInvalid(let reason) = error else { return false }
            return !reason.isEmpty
        }
    }

    @Test("several scopes come in one parameter, in several, or both")
    func several() throws {
        let scopes = try TokenScope.parse(["repository:a/b:pull repository:a/c:pull", "registry:catalog:*", "", "  "])
        #expect(scopes.map(\.name) == ["a/b", "a/c", "catalog"])
    }

    @Test("a hundred scopes are read, one more is refused")
    func limit() throws {
        let hundred = Array(repeating: "repository:a/b:pull", count: 100)
        #expect(try TokenScope.parse(hundred).count == 100)
        #expect(throws: AccessError.self) { try TokenScope.parse(hundred + ["repository:a/b:pull"]) }
        #expect(throws: AccessError.self) { try TokenScope.parse([(hundred + hundred).joined(separator: " ")]) }
    }

    @Test("a star asks for all there is, words without meaning for nothing")
    func actions() throws {
        func asked(_ words: String) throws -> Actions {
            try TokenScope.parse(["repository:a/b:\(words)"])[0].repositoryActions
        }
        #expect(try asked("*") == .all)
        #expect(try asked("pull,push") == [.pull, .push])
        #expect(try asked("scanner-pull,admin") == [])
    }

    @Test(
        "a token grants the intersection of what was asked and what is allowed",
        arguments: [
            ("admin", "repository:closed/app:pull", [["pull"]]),
            ("admin", "repository:closed/app:*", [["pull", "push", "delete"]]),
            ("writer", "repository:closed/app:*", [["pull", "push"]]),
            ("writer", "repository:closed/app:delete", [[]]),
            ("reader", "repository:closed/app:pull,push,delete", [["pull"]]),
            ("reader", "repository:closed/app:push", [[]]),
            ("outsider", "repository:closed/app:pull", [[]]),
            ("outsider", "repository:open/app:pull,push repository:closed/app:pull", [["pull"], []]),
            ("writer", "repository:absent/app:pull", [[]]),
            ("writer", "repository:single:pull", [[]]),
            ("writer", "repository:UPPER/app:pull", [[]]),
            ("admin", "unknown:closed/app:pull", [[]]),
            ("admin", "registry:catalog:*", [["*"]]),
            ("writer", "registry:catalog:*", [[]]),
            ("writer", "repository:closed/app:pull repository:closed/app:push", [["pull", "push"]]),
        ])
    func intersection(user: String, scope: String, granted: [[String]]) async throws {
        try await withAccess { world in
            let caller = try await world.logIn(user)
            let token = try await world.access.issueToken(scopes: [scope], caller: caller)
            let access = try #require(try claims(token.token)["access"]?.array)
            #expect(access.map { ($0["actions"]?.array ?? []).compactMap(\.string) } == granted)
        }
    }
}

/// What a token says, read without checking it.
func claims(_ token: String) throws -> JSONValue {
    let parts = token.split(separator: ".")
    return try JSONValue(parsing: try #require(Base64URL.decode(parts[1].utf8)))
}
