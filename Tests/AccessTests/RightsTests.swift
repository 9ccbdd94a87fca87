// SPDX-License-Identifier: Apache-2.0
import Metadata
import OCI
import Testing

@testable import Access

@Suite("Rights")
struct RightsTests {
    /// Who, where, and the outcome of pull, push and delete.
    static let matrix: [(who: String, project: String, pull: String, push: String, delete: String)] = [
        ("admin", "open", "ok", "ok", "ok"),
        ("admin", "closed", "ok", "ok", "ok"),
        ("admin", "absent", "projectUnknown", "projectUnknown", "projectUnknown"),
        ("owner", "open", "ok", "ok", "ok"),
        ("owner", "closed", "ok", "ok", "ok"),
        ("writer", "open", "ok", "ok", "denied"),
        ("writer", "closed", "ok", "ok", "denied"),
        ("reader", "open", "ok", "denied", "denied"),
        ("reader", "closed", "ok", "denied", "denied"),
        ("outsider", "open", "ok", "denied", "denied"),
        ("outsider", "closed", "projectUnknown", "projectUnknown", "projectUnknown"),
        ("outsider", "absent", "projectUnknown", "projectUnknown", "projectUnknown"),
        ("anonymous", "open", "unauthenticated", "unauthenticated", "unauthenticated"),
        ("anonymous", "closed", "unauthenticated", "unauthenticated", "unauthenticated"),
        ("anonymous", "absent", "unauthenticated", "unauthenticated", "unauthenticated"),
    ]

    @Test("each role may do exactly what the matrix says, by password and by a token that asks for all")
    func roles() async throws {
        try await withAccess { world in
            for row in Self.matrix {
                let name = try repository("\(row.project)/app")
                let direct = row.who == "anonymous" ? Caller.anonymous : try await world.logIn(row.who)
                #expect(await outcomes(world, name, direct) == [row.pull, row.push, row.delete], "\(row)")
                let token = try await world.bearer(direct, "repository:\(name):pull,push,delete")
                var expected = [row.pull, row.push, row.delete]
                // The anonymous pull only by token, and only what is public.
                if row.who == "anonymous", row.project == "open" { expected[0] = "ok" }
                #expect(await outcomes(world, name, token) == expected, "token: \(row)")
            }
        }
    }

    private func outcomes(_ world: AccessWorld, _ name: RepositoryName, _ caller: Caller) async -> [String] {
        [
            await outcome { () throws(AccessError) in try await world.access.authorize(Pull.self, on: name, as: caller)
            },
            await outcome { () throws(AccessError) in try await world.access.authorize(Push.self, on: name, as: caller)
            },
            await outcome { () throws(AccessError) in
                try await world.access.authorize(Delete.self, on: name, as: caller)
            },
        ]
    }

    @Test("a permit says whether its holder may push: the token's word and the role's, both")
    func mayPush() async throws {
        try await withAccess { world in
            let name = try repository("open/app")
            let writer = try await world.logIn("writer")
            let byPassword = try await world.access.authorize(Pull.self, on: name, as: writer)
            #expect(byPassword.mayPush)
            let pullOnly = try await world.bearer(writer, "repository:open/app:pull")
            #expect(try await world.access.authorize(Pull.self, on: name, as: pullOnly).mayPush == false)
            let reader = try await world.logIn("reader")
            #expect(try await world.access.authorize(Pull.self, on: name, as: reader).mayPush == false)
        }
    }

    @Test("a token too small for what its owner may do asks for a larger one")
    func insufficientScope() async throws {
        try await withAccess { world in
            let pullOnly = try await world.bearer(try await world.logIn("writer"), "repository:open/app:pull")
            await #expect {
                try await world.access.authorize(Push.self, on: try repository("open/app"), as: pullOnly)
            } throws: { error in
                guard case AccessError.unauthenticated(let challenge) = error else { return false }
                return challenge == Challenge(scope: "repository:open/app:pull,push", fault: .insufficientScope)
            }
            let other = try repository("open/other")
            #expect(
                await outcomes(world, other, pullOnly)[0] == "unauthenticated", "a token is for its repositories only")
        }
    }

    @Test("a role taken away is gone with the next request, for passwords and for tokens already issued")
    func revocation() async throws {
        try await withAccess { world in
            let name = try repository("closed/app")
            let writer = try await world.logIn("writer")
            let token = try await world.bearer(writer, "repository:closed/app:pull,push")
            #expect(await outcomes(world, name, token) == ["ok", "ok", "denied"])
            let isKnown = try world.access.authorizeIfKnown(Push.self, on: name, as: token) != nil
            #expect(isKnown == world.tellsChanges, "it is in memory now")
            try await world.access.setMember(project: "closed", user: "writer", role: .read)
            #expect(await outcomes(world, name, token) == ["ok", "denied", "denied"])
            try await world.access.setMember(project: "closed", user: "writer", role: nil)
            // The token proves that its holder knows of the project, so that need not be hidden.
            #expect(await outcomes(world, name, token) == ["denied", "denied", "denied"])
            #expect(await outcomes(world, name, writer) == Array(repeating: "projectUnknown", count: 3))
        }
    }

    @Test("a project that is closed refuses the anonymous token that it was open to")
    func closing() async throws {
        try await withAccess { world in
            let name = try repository("open/app")
            let token = try await world.bearer(.anonymous, "repository:open/app:pull")
            #expect(await outcomes(world, name, token)[0] == "ok")
            try await world.access.setPublic(false, project: "open")
            #expect(await outcomes(world, name, token)[0] == "unauthenticated")
        }
    }

    @Test("a project made again under the same name is out of reach of old tokens")
    func recreation() async throws {
        try await withAccess { world in
            let name = try repository("closed/app")
            let token = try await world.bearer(try await world.logIn("owner"), "repository:closed/app:pull,push,delete")
            try await world.access.deleteProject("closed")
            #expect(await outcomes(world, name, token) == Array(repeating: "projectUnknown", count: 3))
            try await world.access.createProject(name: "closed", isPublic: false, quota: nil)
            try await world.access.setMember(project: "closed", user: "owner", role: .admin)
            // The owner may do all of it again, but not with this token.
            #expect(await outcomes(world, name, token) == Array(repeating: "unauthenticated", count: 3))
            let fresh = try await world.bearer(try await world.logIn("owner"), "repository:closed/app:pull,push,delete")
            #expect(await outcomes(world, name, fresh) == ["ok", "ok", "ok"])
        }
    }

    @Test("another password, another rank or removal of the account voids its tokens at once")
    func accountChanges() async throws {
        try await withAccess { world in
            let name = try repository("open/app")
            for (user, change) in [
                ("writer", { try await world.access.setPassword(of: "writer", to: "Another1Password") }),
                ("owner", { try await world.access.setAdministrator(true, user: "owner") }),
                ("reader", { try await world.access.deleteUser("reader") }),
            ] as [(String, () async throws -> Void)] {
                let token = try await world.bearer(try await world.logIn(user), "repository:open/app:pull")
                #expect(await outcomes(world, name, token)[0] == "ok")
                try await change()
                #expect(await outcomes(world, name, token)[0] == "unauthenticated", "\(user)")
            }
        }
    }

    @Test("the catalog is for administrators, by password or by a token that covers it")
    func catalog() async throws {
        try await withAccess { world in
            let (admin, writer) = (try await world.logIn("admin"), try await world.logIn("writer"))
            let callers: [(Caller, String)] = [
                (.anonymous, "unauthenticated"), (admin, "ok"), (writer, "denied"),
                (try await world.bearer(admin, "registry:catalog:*"), "ok"),
                (try await world.bearer(admin, "repository:open/app:pull"), "unauthenticated"),
                (try await world.bearer(writer, "registry:catalog:*"), "denied"),
                (try await world.bearer(.anonymous, "registry:catalog:*"), "unauthenticated"),
            ]
            for (index, (caller, expected)) in callers.enumerated() {
                let found = await outcome { () throws(AccessError) in
                    try await world.access.authorizeCatalog(as: caller)
                }
                #expect(found == expected, "\(index)")
            }
        }
    }

    @Test("roles this release does not know give no rights")
    func unknownRole() async throws {
        try await withAccess { world in
            try await world.metadata.write { transaction in
                let user = try transaction.user(named: "outsider")
                let project = try transaction.project(named: ProjectName("closed")!)  // a literal that is one
                try transaction.setRole(5, of: user!.id, in: project!.id)  // both were made above
            }
            let outsider = try await world.logIn("outsider")
            #expect(await outcomes(world, try repository("closed/app"), outsider)[0] == "projectUnknown")
        }
    }

    @Test("what is known is decided without waiting, and only while nothing has changed")
    func fastPath() async throws {
        try await withAccess { world in
            let name = try repository("open/app")
            let caller = try await world.logIn("writer")
            let token = try await world.access.issueToken(scopes: ["repository:open/app:pull"], caller: caller).token
            let header = "Bearer \(token)"
            #expect(try world.access.permitIfKnown(Pull.self, on: name, authorization: header) == nil)
            _ = try await world.access.permit(Pull.self, on: name, authorization: header, address: AccessWorld.address)
            let isKnown = try world.access.permitIfKnown(Pull.self, on: name, authorization: header) != nil
            #expect(isKnown == world.tellsChanges)
            try await world.access.createProject(name: "another", isPublic: true, quota: nil)
            #expect(try world.access.permitIfKnown(Pull.self, on: name, authorization: header) == nil)
        }
    }
}
