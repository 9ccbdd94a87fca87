// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Debian's docker-registry in its fastest setting: descriptors cached in memory, no log, no users, no health check of the
/// storage, no purging. Blobs are in the file system, or in a store that its settings name.
final class DockerRegistry: RegistryServer {
    let port: Int
    private(set) var process: ServerProcess
    var storage: String { "\(folder)/data" }

    private let executable: String
    private let folder: String

    /// - Parameters:
    ///   - store: The entry of `storage` in YAML, on one line; nil: the file system.
    ///   - redirects: Whether clients are sent to the store, as its own default is.
    init(folder: String, store: String? = nil, redirects: Bool = false) throws {
        self.folder = folder
        port = try freePort()
        executable = try path(of: "docker-registry")
        try FileManager.default.createDirectory(atPath: "\(folder)/data", withIntermediateDirectories: true)
        let settings = """
            version: 0.1
            log: {level: error, accesslog: {disabled: true}}
            storage:
              \(store ?? "filesystem: {rootdirectory: \(folder)/data}")
              cache: {blobdescriptor: inmemory}
              delete: {enabled: true}
              redirect: {disable: \(!redirects)}
              maintenance: {uploadpurging: {enabled: false}}
            health: {storagedriver: {enabled: false}}
            http: {addr: "127.0.0.1:\(port)"}
            """
        try settings.write(toFile: "\(folder)/config.yml", atomically: true, encoding: .utf8)
        process = try ServerProcess(executable, ["serve", "\(folder)/config.yml"], log: "\(folder)/log")
        try process.waitUntilAnswering("/v2/", port: port, log: "\(folder)/log")
    }

    func authorization(for repository: String) -> [(String, String)] { [] }

    func restart() throws -> Double {
        process.stop()
        return try timed {
            process = try ServerProcess(executable, ["serve", "\(folder)/config.yml"], log: "\(folder)/log")
            try process.waitUntilAnswering("/v2/", port: port, log: "\(folder)/log")
        }.seconds
    }
}
