// SPDX-License-Identifier: Apache-2.0
import Foundation
import Metadata
import OCI
import SQLStorage
import Testing

@testable import Access

@Suite("Administration")
struct AdministrationTests {
    private func empty(_ body: (AccessService, MetadataStore) async throws -> Void) async throws {
        try await withAccess { world in
            // Away with what the world made: a first start again.
            try await world.metadata.write { transaction in
                for table in ["project_members", "project_usage", "projects", "users"] {
                    try transaction.sql.run(.init(.init(raw: "DELETE FROM \(table)")))
                }
            }
            try await body(world.node(), world.metadata)
        }
    }

    @Test("the first start makes an administrator with a random password, told once, and the public project library")
    func firstStart() async throws {
        try await empty { access, metadata in
            let first = try await access.prepare(adminPassword: nil)
            let password = try #require(first.generatedPassword)
            #expect(PasswordRule.isStrong(password) && password.count == 20)
            #expect(first.lockedAdministrators.isEmpty)
            let header = "Basic \(Data("admin:\(password)".utf8).base64EncodedString())"
            let caller = try await access.identify(authorization: header, address: "192.0.2.1")
            try await access.authorizeCatalog(as: caller)
            let name = try #require(ProjectName("library"))
            let library = try await metadata.read { try $0.project(named: name) }
            #expect(library?.isPublic == true)
            let second = try await access.prepare(adminPassword: nil)
            #expect(second.generatedPassword == nil)
        }
    }

    @Test("of several nodes that start together one makes the rows, and one password counts")
    func firstStartTogether() async throws {
        try await empty { access, metadata in
            let generated = try await withThrowingTaskGroup(of: String?.self) { group in
                for _ in 0..<4 { group.addTask { try await access.prepare(adminPassword: nil).generatedPassword } }
                return try await group.reduce(into: [String]()) { if let password = $1 { $0.append(password) } }
            }
            #expect(generated.count == 1)
            #expect(try await metadata.read { try $0.users(after: nil, limit: 10) }.map(\.name) == ["admin"])
        }
    }

    @Test("Harbor's well-known password locks the account until it has another, which every start says")
    func wellKnownPassword() async throws {
        try await empty { access, _ in
            #expect(try await access.prepare(adminPassword: "Harbor12345").lockedAdministrators == ["admin"])
            #expect(try await access.prepare(adminPassword: "Harbor12345").lockedAdministrators == ["admin"])
            func logIn(_ password: String) async -> String {
                let header = "Basic \(Data("admin:\(password)".utf8).base64EncodedString())"
                return await outcome { () throws(AccessError) in
                    try await access.identify(authorization: header, address: "192.0.2.1")
                }
            }
            #expect(await logIn("Harbor12345") == "passwordMustChange")
            #expect(await logIn("Harbor12346") == "badCredentials")
            let again = await outcome { () throws(AccessError) in
                try await access.setPassword(of: "admin", to: "Harbor12345")
            }
            #expect(again == "passwordRefused")
            try await access.setPassword(of: "admin", to: "Better1Password")
            #expect(await logIn("Better1Password") == "ok")
            #expect(try await access.prepare(adminPassword: "Harbor12345").lockedAdministrators.isEmpty)
        }
    }

    @Test("a weak first password from the settings is refused and makes nothing")
    func weakFirstPassword() async throws {
        try await empty { access, metadata in
            #expect(
                await outcome { () throws(AccessError) in try await access.prepare(adminPassword: "admin") }
                    == "passwordRefused")
            let hasUsers = try await metadata.read { try $0.hasUsers() }
            #expect(!hasUsers)
        }
    }

    @Test(
        "passwords follow Harbor's rule",
        arguments: [
            ("Abcdefg1", "ok"), ("Abcdef1", "passwordRefused"), ("abcdefg1", "passwordRefused"),
            ("ABCDEFG1", "passwordRefused"), ("Abcdefgh", "passwordRefused"), ("Harbor12345", "passwordRefused"),
            ("Ünicodé1ß", "ok"), ("A1" + String(repeating: "b", count: 126), "ok"),
            ("A1" + String(repeating: "b", count: 127), "passwordRefused"),
        ])
    func passwordRule(password: String, expected: String) async throws {
        let found = await outcome { () throws(AccessError) in try PasswordRule.check(password) }
        #expect(found == expected)
    }

    @Test("a new password must be new")
    func unchangedPassword() async throws {
        try await withAccess { world in
            let found = await outcome { () throws(AccessError) in
                try await world.access.setPassword(of: "writer", to: AccessWorld.password)
            }
            #expect(found == "passwordRefused")
            let unknown = await outcome { () throws(AccessError) in
                try await world.access.setPassword(of: "nobody", to: "Another1Password")
            }
            #expect(unknown == "userUnknown")
        }
    }

    @Test("names of users follow Harbor's rule and are taken once, whatever their capitals")
    func userNames() async throws {
        try await withAccess { world in
            func create(_ name: String) async -> String {
                await outcome { () throws(AccessError) in
                    try await world.access.createUser(name: name, password: AccessWorld.password, isAdmin: false)
                }
            }
            for bad in [
                "", " x", "x ", "a,b", "a:b", "a\"b", "a~b", "a#b", "a%b", "a$b", "a\nb", "a\u{0}b", "a\u{200B}b",
                String(repeating: "x", count: 256),
            ] {
                #expect(await create(bad) == "userNameInvalid", "\(bad)")
            }
            for good in ["j.doe@example.org", "李雷", "a b", String(repeating: "y", count: 255)] {
                #expect(await create(good) == "ok", "\(good)")
            }
            #expect(await create("Writer") == "userExists")
        }
    }

    @Test("names of projects follow Harbor's rule and are taken once, until the project is deleted")
    func projectNames() async throws {
        try await withAccess { world in
            func create(_ name: String, quota: Int64? = nil) async -> String {
                await outcome { () throws(AccessError) in
                    try await world.access.createProject(name: name, isPublic: false, quota: quota)
                }
            }
            for bad in ["", "A", "a/b", "-a", "a-", "a..b", "a_-b", "ä", String(repeating: "x", count: 256)] {
                #expect(await create(bad) == "projectNameInvalid", "\(bad)")
            }
            #expect(await create("fresh", quota: 0) == "quotaInvalid")
            #expect(await create("fresh", quota: -1) == "quotaInvalid")
            #expect(await create("fresh", quota: 1) == "ok")
            #expect(await create("fresh") == "projectExists")
            try await world.access.deleteProject("fresh")
            #expect(await create("fresh") == "ok")
        }
    }

    @Test("a project that holds a repository is not deleted")
    func projectInUse() async throws {
        try await withAccess { world in
            let name = try #require(ProjectName("closed"))
            try await world.metadata.write { transaction in
                let project = try transaction.project(named: name)!  // made by the world
                try transaction.sql.run(
                    """
                    INSERT INTO repositories (id, project_id, name, name_key, created_at, deleted_at)
                    VALUES (\(RepositoryID.random()), \(project.id), 'closed/app', 'closed/app', 0, NULL)
                    """)
            }
            let found = await outcome { () throws(AccessError) in try await world.access.deleteProject("closed") }
            #expect(found == "projectNotEmpty")
        }
    }

    @Test(
        "whatever was used, a new limit divides so that allowances add up to it and no slot is stuck while there is room"
    )
    func limits() async throws {
        try await withAccess { world in
            let name = try #require(ProjectName("closed"))
            try await world.access.setQuota(1000, project: "closed")
            let id = try await world.metadata.write { transaction in
                let project = try transaction.project(named: name)!  // made by the world
                try transaction.charge(project.id, bytes: 990)
                return project.id
            }
            for limit in [991, 5000, 17, 1_000_000_000_000] as [Int64] {
                try await world.access.setQuota(limit, project: "closed")
                let usage = try await world.metadata.read { try $0.usage(of: id) }
                #expect((usage.used, usage.limit) == (990, limit))
                let fits: Void? = try? await world.metadata.write { transaction in
                    try transaction.charge(id, bytes: 1)
                    try transaction.credit(id, bytes: 1)
                }
                #expect((fits != nil) == (limit > 990))
            }
            try await world.access.setQuota(nil, project: "closed")
            #expect(try await world.metadata.read { try $0.usage(of: id) }.limit == nil)
        }
    }

    @Test("immutable tags are set as a whole, and a bad pattern changes nothing")
    func immutableTags() async throws {
        try await withAccess { world in
            let name = try #require(ProjectName("closed"))
            func patterns() async throws -> [String] {
                try await world.metadata.read { try $0.immutablePatterns(of: try $0.project(named: name)!.id) }.sorted()
            }
            try await world.access.setImmutableTags(project: "closed", patterns: ["v*", "release-*"])
            #expect(try await patterns() == ["release-*", "v*"])
            let found = await outcome { () throws(AccessError) in
                try await world.access.setImmutableTags(project: "closed", patterns: ["ok", "{open"])
            }
            #expect(found == "patternInvalid")
            #expect(try await patterns() == ["release-*", "v*"])
            try await world.access.setImmutableTags(project: "closed", patterns: [])
            #expect(try await patterns().isEmpty)
        }
    }

    @Test("every change of rights advances the epoch of access, and every refusal has words")
    func epochAndMessages() async throws {
        try await withAccess { world in
            let before = try await world.metadata.read { try $0.epoch("access") }
            try await world.access.setMember(project: "closed", user: "outsider", role: .read)
            #expect(try await world.metadata.read { try $0.epoch("access") } == before + 1)
            let errors: [AccessError] = [
                .badCredentials, .userNameInvalid, .projectNameInvalid, .quotaInvalid, .passwordRefused(.weak),
                .throttled(retryAfter: .milliseconds(10)), .patternInvalid("[", .unclosed("[")),
                .metadata(AccessError.quotaInvalid),
            ]
            for error in errors { #expect(error.message.count > 10) }
            #expect(AccessError.throttled(retryAfter: .milliseconds(1500)).message.hasSuffix("2 s"))
        }
    }
}
