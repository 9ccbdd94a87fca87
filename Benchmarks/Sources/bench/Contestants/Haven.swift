// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Haven's release build with the embedded default: SQLite, request log on, a private project. Blobs are in the file system,
/// or in a store that its settings name.
final class Haven: RegistryServer {
    let port: Int
    private(set) var process: ServerProcess
    var storage: String { "\(folder)/data" }

    private let executable: String
    private let folder: String
    private let environment: [String: String]
    private let password = "Aa1-\(UUID().uuidString)"
    private let administratorPassword = "Aa1-\(UUID().uuidString)"

    private static let user = "bench"
    static let project = "bench"

    /// - Parameter store: The settings of an object store, as variables; empty: the file system.
    init(executable: String, folder: String, store: [String: String] = [:]) throws {
        self.executable = executable
        self.folder = folder
        port = try freePort()
        environment = store.merging([
            "HAVEN_DATA_VOLUME": "\(folder)/data", "HAVEN_SECRETKEY_PATH": "\(folder)/secret",
            "HAVEN_LISTEN": "127.0.0.1", "HAVEN_HTTP_PORT": "\(port)", "HAVEN_METRICS_PORT": "\(try freePort())",
            "HAVEN_HARBOR_ADMIN_PASSWORD": administratorPassword,
        ]) { $1 }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        process = try ServerProcess(executable, ["serve"], environment: environment, log: "\(folder)/log")
        try process.waitUntilAnswering("/healthz", port: port, log: "\(folder)/log")
        try command(["user", "create", Self.user, "--password-stdin"], input: password + "\n")
        try command(["project", "create", Self.project])
        try command(["project", "member", "set", Self.project, Self.user, "write"])
    }

    func restart() throws -> Double {
        process.stop()
        return try timed {
            process = try ServerProcess(executable, ["serve"], environment: environment, log: "\(folder)/log")
            try process.waitUntilAnswering("/v2/", port: port, log: "\(folder)/log")
        }.seconds
    }

    /// Runs a command of Haven beside the running server.
    @discardableResult
    func command(_ arguments: [String], input: String? = nil) throws -> String {
        try execute(executable, arguments, input: input, environment: environment, in: folder)
    }

    /// Runs SQL on the metadata beside the running server, to make in seconds what pushes would make in hours.
    @discardableResult
    func sql(_ statements: String) throws -> String {
        let found = try execute("find", [storage, "-maxdepth", "2", "-type", "f", "-name", "*.db"])
        let files = found.split(separator: "\n")
        guard let database = files.first, files.count == 1 else {
            throw BenchmarkFailure("no single database in \(storage)")
        }
        return try execute("sqlite3", ["-bail", String(database)], input: ".timeout 20000\n" + statements)
    }

    /// Basic credentials of the pushing user, as a client sends them to the token service.
    var basic: (String, String) { credentials(Self.user, password) }

    func tokenPath(_ scope: String) -> String { "/service/token?service=harbor-registry&scope=\(scope)" }

    func authorization(for repository: String) throws -> [(String, String)] {
        try bearer("repository:\(repository):pull,push", basic)
    }

    /// A fresh token of the administrator that lists the catalog.
    func catalogAuthorization() throws -> [(String, String)] {
        try bearer("registry:catalog:*", credentials("admin", administratorPassword))
    }

    private func credentials(_ user: String, _ password: String) -> (String, String) {
        ("Authorization", "Basic " + Data("\(user):\(password)".utf8).base64EncodedString())
    }

    private func bearer(_ scope: String, _ credentials: (String, String)) throws -> [(String, String)] {
        let answer = try Connection(port: port).send("GET", tokenPath(scope), [credentials])
        guard answer.status == 200,
            let document = try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any],
            let token = document["token"] as? String
        else {
            let said = String(decoding: answer.body.prefix(300), as: UTF8.self)
            throw BenchmarkFailure("no token: \(answer.status) \(said)")
        }
        return [("Authorization", "Bearer \(token)")]
    }
}
