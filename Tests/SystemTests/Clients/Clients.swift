// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit
import Testing

/// Real clients against real servers, over HTTP and over HTTPS with a private certificate authority.
///
/// A test's name is `client · operation`; `docs/reference/clients.md` is checked against these names. The clients share
/// two processor cores, so their suites run one after another.
@Suite("clients", .serialized)
enum Clients {}

/// How a client reaches the server.
enum Transport: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case http, https

    var testDescription: String { rawValue }
}

/// Gives a suite two servers, one for each transport, and a folder for the clients' files.
struct ClientTrait: SuiteTrait, TestScoping {
    var isRecursive: Bool { false }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            let authority = try await PrivateAuthority(folder: folder)
            try await withHaven { http in
                try await withHaven(certificate: (authority.serverChain, authority.serverKey)) { https in
                    let stage = Stage(folder: folder, http: http, https: https, authority: authority)
                    try await Stage.$shared.withValue(stage) { try await function() }
                }
            }
        }
    }
}

extension Trait where Self == ClientTrait {
    static var clientServers: Self { ClientTrait() }
}

extension Trait where Self == ConditionTrait {
    /// Runs a suite where its programs are installed. In continuous integration, and where `HAVEN_TEST_CLIENTS` is set,
    /// it runs anyway, so that a missing program fails the tests instead of hiding them.
    static func client(_ programs: String...) -> Self {
        let missing = programs.filter { Tool.path(of: $0) == nil }
        return .enabled(if: missing.isEmpty || mustRun, "not installed: \(missing.joined(separator: ", "))")
    }

    /// The same for the client libraries in Python.
    static var pythonClient: Self {
        .enabled(
            if: Tool.path(of: PythonClient.interpreter) != nil || mustRun, "not there: \(PythonClient.interpreter)")
    }

    private static var mustRun: Bool {
        let environment = ProcessInfo.processInfo.environment
        return environment["CI"] != nil || environment["HAVEN_TEST_CLIENTS"] != nil
    }
}

/// What the tests of one client share.
struct Stage: Sendable {
    @TaskLocal static var shared: Stage?

    let folder: String
    let http: HavenProcess
    let https: HavenProcess
    let authority: PrivateAuthority

    static var current: Stage {
        get throws { try #require(shared) }
    }

    func endpoint(_ transport: Transport) -> Endpoint {
        switch transport {
        case .http: Endpoint(haven: http, transport: .http, authority: authority)
        case .https: Endpoint(haven: https, transport: .https, authority: authority)
        }
    }
}

/// One server as a client is told to reach it.
struct Endpoint: Sendable {
    let haven: HavenProcess
    let transport: Transport
    let authority: PrivateAuthority

    /// `127.0.0.1:port`, the first part of image names.
    var host: String { transport == .http ? haven.host : haven.httpsHost }
    var url: String { "\(transport.rawValue)://\(host)" }
    var password: String { haven.adminPassword }
    /// A bare client for what a test prepares or checks beside the real one.
    var client: RegistryClient { RegistryClient(url, user: "admin", password: password) }

    /// A repository that no other test uses.
    func repository() -> String { "library/c\(UInt64.random(in: .min ... .max))" }

    /// The manifest that a reference names now, as the server has it.
    func manifest(_ repository: String, _ reference: String) async throws -> Answer {
        try await client.send("GET", "/v2/\(repository)/manifests/\(reference)")
    }
}
