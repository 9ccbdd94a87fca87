// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit
import Testing

/// podman and buildah with a store and a configuration of their own, away from the machine's.
struct ContainersTools: Sendable {
    let folder: String

    init(_ folder: String) throws {
        self.folder = folder
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try #"""
        [engine]
        cgroup_manager = "cgroupfs"
        runtime = "runc"
        [containers]
        netns = "host"
        default_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]

        """#.write(toFile: "\(folder)/containers.conf", atomically: true, encoding: .utf8)
        try #"{"default":[{"type":"insecureAcceptAnything"}]}"#
            .write(toFile: "\(folder)/policy.json", atomically: true, encoding: .utf8)
    }

    /// Runs a command of `program` on the own store.
    @discardableResult
    func check(_ program: String, _ arguments: [String]) async throws -> String {
        try await tool(program).check(store + arguments)
    }

    func run(_ program: String, _ arguments: [String]) async throws -> ToolResult {
        try await tool(program).run(store + arguments)
    }

    /// How to reach and trust `endpoint`, after ``login(_:_:)``.
    func access(_ endpoint: Endpoint) -> [String] {
        ["--authfile", "\(folder)/auth-\(endpoint.transport).json"] + trust(endpoint)
    }

    /// Runs `podman search`, which has no option for certificates and takes them from the environment.
    func search(_ arguments: [String], _ endpoint: Endpoint) async throws -> String {
        var podman = tool("podman")
        podman.environment["SSL_CERT_FILE"] = endpoint.authority.certificate
        return try await podman.check(
            store + ["search", "--authfile", "\(folder)/auth-\(endpoint.transport).json"]
                + (endpoint.transport == .http ? ["--tls-verify=false"] : []) + arguments)
    }

    func login(_ program: String, _ endpoint: Endpoint) async throws {
        try await check(
            program, ["login", "-u", "admin", "-p", endpoint.password] + access(endpoint) + [endpoint.host])
    }

    /// Tries a wrong password and expects the tool to say so.
    func expectWrongLoginRefused(_ program: String, _ endpoint: Endpoint) async throws {
        let result = try await run(
            program,
            ["login", "--authfile", "\(folder)/no.json", "-u", "admin", "-p", "wrong"] + trust(endpoint)
                + [endpoint.host])
        #expect(result.status != 0)
        #expect(result.errors.contains("invalid username/password"), "\(result)")
    }

    private func trust(_ endpoint: Endpoint) -> [String] {
        switch endpoint.transport {
        case .http: ["--tls-verify=false"]
        case .https: ["--cert-dir", endpoint.authority.folder]
        }
    }

    private var store: [String] {
        ["--root", "\(folder)/root", "--runroot", "\(folder)/run", "--storage-driver", "vfs"]
    }

    private func tool(_ program: String) -> Tool {
        Tool(program, environment: ["CONTAINERS_CONF": "\(folder)/containers.conf", "HOME": folder])
    }
}
