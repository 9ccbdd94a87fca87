// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit
import Testing

/// The tests' own means: programs end when they should, whatever they do.
@Suite("processes") struct ProcessTests {
    @Test("a program that takes too long is ended with its children, and says so")
    func deadline() async throws {
        await #expect(throws: ToolFailure.self) {
            try await Tool("sh").run(["-c", "sleep 60 & wait"], deadline: .milliseconds(200))
        }
    }

    @Test("a program's status, output and errors are told apart")
    func result() async throws {
        let result = try await Tool("sh").run(["-c", "cat; echo wrong >&2; exit 3"], input: "hello")
        #expect(result.status == 3)
        #expect(result.output == "hello")
        #expect(result.errors == "wrong\n")
    }

    @Test("a background program that ignores SIGTERM is killed")
    func stubborn() async throws {
        try await withTemporaryFolder { folder in
            let process = try await BackgroundProcess(
                Tool("sh"), ["-c", "trap '' TERM; echo ready; while :; do sleep 0.05; done"], logPath: "\(folder)/log")
            #expect(try await eventually { process.log.contains("ready") })
            #expect(process.residentBytes > 0)
            #expect(try await process.stop(within: .milliseconds(200)) == 128 + 9)
            #expect(!FileManager.default.fileExists(atPath: "/proc/\(process.processID)"))
        }
    }

    @Test("no two callers get the same port, for a server that a test starts again must find its own free")
    func ports() throws {
        let ports = try (0..<500).map { _ in try freePort() }
        #expect(Set(ports).count == ports.count)
    }

    @Test("a server that is back after it refused many connections is reached by the next request")
    func back() async throws {
        try await withTemporaryFolder { folder in
            let port = try freePort()
            let client = RegistryClient("http://127.0.0.1:\(port)")
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<60 { group.addTask { _ = try? await client.send("GET", "/", as: .none) } }
            }
            let server = try await BackgroundProcess(
                Tool("python3"), ["-m", "http.server", "\(port)", "--bind", "127.0.0.1", "--directory", folder],
                logPath: "\(folder)/log")
            let curl = ["-fs", "http://127.0.0.1:\(port)/"]
            let isBack = try await eventually { try await Tool("curl").run(curl).status == 0 }
            #expect(isBack)
            #expect(try await client.send("GET", "/", as: .none).status == 200)
            try await server.stop()
        }
    }

    @Test("a background program that ends by itself is known to have ended")
    func ended() async throws {
        try await withTemporaryFolder { folder in
            let process = try await BackgroundProcess(Tool("sh"), ["-c", "exit 4"], logPath: "\(folder)/log")
            #expect(try await eventually { !process.isRunning })
            #expect(try await process.stop() == 4)
        }
    }
}
