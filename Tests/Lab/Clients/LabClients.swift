// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit

/// skopeo and docker on the host `client`: as a build machine has them, with nothing set for a registry that may break.
struct LabClients: Sendable {
    let registry: String
    let folder: String
    /// The folder with the authority that skopeo trusts; nil without TLS.
    private let trusted: String?
    private let docker: Tool
    private let daemon: BackgroundProcess

    /// Starts dockerd and logs both in.
    ///
    /// - Parameters:
    ///   - registry: Host and port as they stand in image names.
    ///   - authority: The certificate of the registry's authority; nil without TLS.
    ///   - folder: For their files.
    static func start(
        _ registry: String, password: String, authority: String?, in folder: String
    ) async throws -> LabClients {
        let settings = """
            {"iptables": false, "ip6tables": false, "bridge": "none", "data-root": "\(folder)/data",
             "exec-root": "\(folder)/exec", "pidfile": "\(folder)/dockerd.pid", "hosts": ["unix://\(folder)/docker.sock"],
             "insecure-registries": ["\(registry)"],
             "default-ulimits": {"nofile": {"Name": "nofile", "Soft": 1024, "Hard": 1024}}}
            """
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try settings.write(toFile: "\(folder)/daemon.json", atomically: true, encoding: .utf8)
        let daemon = try await BackgroundProcess(
            Tool("nsenter"), Self.inside(["dockerd", "--config-file", "\(folder)/daemon.json"]),
            logPath: "\(folder)/dockerd.log")
        let docker = Tool(
            "nsenter",
            environment: ["DOCKER_HOST": "unix://\(folder)/docker.sock", "DOCKER_CONFIG": "\(folder)/config"])
        let trusted = authority == nil ? nil : "\(folder)/trusted"
        if let authority, let trusted {
            try FileManager.default.createDirectory(atPath: trusted, withIntermediateDirectories: true)
            try FileManager.default.copyItem(atPath: authority, toPath: "\(trusted)/ca.crt")
        }
        let clients = LabClients(
            registry: registry, folder: folder, trusted: trusted, docker: docker, daemon: daemon)
        try await clients.logIn(password)
        return clients
    }

    func stop() async throws { try await daemon.stop() }

    private func logIn(_ password: String) async throws {
        let isReady = try await eventually(within: .seconds(60), every: .milliseconds(200)) {
            guard daemon.isRunning else { throw ToolFailure(what: "dockerd ended: \(daemon.log.suffix(3_000))") }
            return try await docker.run(Self.inside(["docker", "version"])).status == 0
        }
        guard isReady else { throw ToolFailure(what: "dockerd is not ready: \(daemon.log.suffix(3_000))") }
        try await docker.check(
            Self.inside(["docker", "login", "-u", "admin", "--password-stdin", registry]), input: password)
        try await Tool("nsenter").check(
            Self.inside(
                ["skopeo", "login", "--authfile", "\(folder)/auth.json", "-u", "admin", "--password-stdin"]
                    + trusting("") + [registry]), input: password)
    }

    /// One image of two megabytes is pushed with skopeo and pulled into a folder.
    func skopeoRound(_ number: Int) async throws -> [(tool: Tool, arguments: [String])] {
        let layout = try ImageLayout("\(folder)/layout")
        try layout.add(TestImage.make(layers: [.random(1_500_000), .random(500_000)]), tag: "x")
        try? FileManager.default.removeItem(atPath: "\(folder)/pulled")
        let name = "library/skopeo:\(number)"
        return [
            skopeoPush("oci:\(folder)/layout:x", to: name),
            skopeo(trusting("src-") + ["docker://\(registry)/\(name)", "dir:\(folder)/pulled"]),
        ]
    }

    /// The command that pushes what lies at `source`.
    func skopeoPush(_ source: String, to name: String) -> (tool: Tool, arguments: [String]) {
        skopeo(["--preserve-digests"] + trusting("dest-") + [source, "docker://\(registry)/\(name)"])
    }

    /// The option of skopeo for the registry's certificate, or for none.
    private func trusting(_ side: String) -> [String] {
        trusted.map { ["--\(side)cert-dir", $0] } ?? ["--\(side)tls-verify=false"]
    }

    private func skopeo(_ arguments: [String]) -> (tool: Tool, arguments: [String]) {
        let command = ["skopeo", "copy", "--retry-times", "3", "--authfile", "\(folder)/auth.json"]
        return (Tool("nsenter", environment: ["TMPDIR": folder]), Self.inside(command + arguments))
    }

    /// One image of a megabyte is pushed with docker, removed, and pulled.
    func dockerRound(_ number: Int) async throws -> [(tool: Tool, arguments: [String])] {
        let name = "\(registry)/library/docker:\(number)"
        let make = """
            cd \(folder) && head -c 1000000 /dev/urandom > layer && tar -cf layer.tar layer
            docker image prune -af >/dev/null && docker import layer.tar \(name)
            """
        try await docker.check(Self.inside(["sh", "-ec", make]))
        let remove = ["sh", "-c", "docker image rm \(name) >/dev/null"]
        return [["docker", "push", "-q", name], remove, ["docker", "pull", "-q", name]].map {
            (docker, Self.inside($0))
        }
    }

    /// The arguments of `nsenter` that run a command on the host `client`.
    private static func inside(_ command: [String]) -> [String] { LabNetwork.entering("client").dropFirst() + command }
}
