// SPDX-License-Identifier: Apache-2.0

import TestKit
import Testing

@Suite("haven user and haven project")
struct UserCommandTests {
    @Test("accounts are created, listed, and given other passwords, by standard input only")
    func users() async throws {
        try await withCommandLine { line in
            let created = try await line.run(
                "user", "create", "alice", "--password-stdin", input: CommandLine.password + "\n")
            #expect(created.status == 0, "\(created)")
            let list = try await line.run("user", "list", "-o", "json")
            #expect(
                list.output
                    == #"[{"name":"admin","admin":true,"locked":false},{"name":"alice","admin":false,"locked":false}]"#
                    + "\n")
            let changed = try await line.run(
                "user", "password", "alice", "--password-stdin", input: "Other-Horse-8\r\n")
            #expect(changed.status == 0, "\(changed)")
            #expect(!(created.output + created.errors + changed.output + changed.errors).contains("Horse"))
        }
    }

    @Test("a second account of a name, a weak password and an unknown account fail with status 1 and say why")
    func failures() async throws {
        try await withCommandLine { line in
            _ = try await line.run("user", "create", "alice", "--password-stdin", input: CommandLine.password)
            let cases: [([String], input: String, says: String)] = [
                (
                    ["user", "create", "alice", "--password-stdin"], CommandLine.password,
                    "there is a user alice already"
                ),
                (["user", "create", "bob", "--password-stdin"], "weak", "8 to 128 characters"),
                (["user", "password", "carol", "--password-stdin"], CommandLine.password, "there is no user carol"),
                (["project", "create", "Team"], "", "a project name has"),
                (["project", "create", "library"], "", "there is a project library already"),
                (["project", "member", "set", "library", "carol", "read"], "", "there is no user carol"),
                (["repo", "list", "nowhere"], "", "there is no project nowhere"),
                (["tag", "list", "library/none"], "", "There is no repository library/none"),
            ]
            for (arguments, input, says) in cases {
                let result = try await Tool(HavenProcess.executable)
                    .run(arguments + ["--data-volume", "\(line.folder)/data"], input: input)
                #expect(result.status == 1, "\(arguments) \(result)")
                #expect(result.errors.contains(says), "\(arguments) \(result)")
            }
        }
    }

    @Test(
        "a wrong use ends with status 2",
        arguments: [
            ["user", "create", "x"], ["user", "create", "x", "--password-stdin"], ["project", "set", "library"],
            ["project", "member", "set", "library", "admin", "owner"], ["nonsense"], ["serve", "--http-prot", "1"],
            ["project", "create", "x", "--quota", "-1"], ["--http-port"], ["config", "check", "--db-type", "oracle"],
            ["user", "create", "x", "--harbor-admin-password", "Secret-1234"], ["gc", "--config", "/nonexistent"],
        ])
    func wrongUse(_ arguments: [String]) async throws {
        try await withTemporaryFolder { folder in
            let result = try await Tool(HavenProcess.executable, workingFolder: folder).run(arguments)
            #expect(result.status == 2, "\(result)")
            #expect(!result.errors.isEmpty)
            #expect(!result.errors.contains("Secret-1234"))
        }
    }

    @Test(
        "a wrong use shows the usage of the command that was meant",
        arguments: [
            (["user", "create", "bob"], "Usage: haven user create <name>"),
            (["user", "create", "bob", "--password-stdin"], "Usage: haven user create <name>"),
            (["project", "set", "library"], "Usage: haven project set <project>"),
            (["help", "nothing"], "There is no command 'nothing'"),
            (["help", "user", "nothing"], "There is no command 'user nothing'"),
        ] as [([String], String)])
    func usage(_ arguments: [String], _ shown: String) async throws {
        try await withTemporaryFolder { folder in
            let result = try await Tool(HavenProcess.executable, workingFolder: folder).run(arguments)
            #expect(result.status == 2 && result.errors.contains(shown), "\(result)")
        }
    }

    @Test("projects get visibility, quota, immutable tags and members")
    func projects() async throws {
        try await withCommandLine { line in
            _ = try await line.run("project", "create", "team", "--public", "--quota", "10M")
            _ = try await line.run(
                "project", "set", "team", "--no-public", "--immutable-tags", "v*", "--immutable-tags", "1.*")
            _ = try await line.run("project", "member", "set", "team", "admin", "write")
            let projects = try await line.run("project", "list", "-o", "json").output
            #expect(projects.contains(#""name":"team","public":false,"used_bytes":0,"quota_bytes":10485760"#))
            #expect(projects.contains(#""immutable_tags":["1.*","v*"]"#), "\(projects)")
            #expect(try await line.run("project", "member", "list", "team").output.contains("admin  write"))
            _ = try await line.run("project", "member", "remove", "team", "admin")
            _ = try await line.run("project", "set", "team", "--no-quota", "--no-immutable-tags")
            let after = try await line.run("project", "list", "-o", "json").output
            #expect(after.contains(#""quota_bytes":null,"immutable_tags":[]"#), "\(after)")
            #expect(try await line.run("project", "member", "list", "team", "-o", "json").output == "[]\n")
        }
    }
}
