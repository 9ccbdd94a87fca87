// SPDX-License-Identifier: Apache-2.0

/// Clients that push, mount, retag, delete and pull at once, until they are cancelled, and write down what they were told.
package struct CrashLoad: Sendable {
    /// The time for which a blob that a client was shown stays without a manifest: half the server's lease.
    let safeTime: Duration
    let ledger: PushLedger
    let popular: [TestBlob]
    package static let repositories = (0..<3).map { "library/crash\($0)" }
    static let sharedTags = ["latest", "stable"]

    package init(ledger: PushLedger, lease: Duration, seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        self.ledger = ledger
        safeTime = lease / 2
        popular = [60_000, 3_000, 200_000].map { TestBlob(random.bytes($0)) }
    }

    /// Fetches one token for everything the load does; it outlives the server, as tokens do.
    package static func token(from client: RegistryClient) async throws -> String {
        let scopes = repositories.map { "repository:\($0):pull,push,delete" }
        guard let token = try await client.token(scopes: scopes).json?["token"] as? String else {
            throw ToolFailure(what: "no token for the load")
        }
        return "Bearer \(token)"
    }

    /// Runs as many clients until the task is cancelled or the ledger ends.
    ///
    /// - Parameter nodes: The nodes of one registry; every request of every client may go to any of them.
    package func run(_ count: Int, _ nodes: [RegistryClient], token: String, _ random: SeededGenerator) async {
        await withTaskGroup(of: Void.self) { group in
            var random = random
            for _ in 0..<count {
                let worker = CrashWorker(load: self, nodes: nodes, token: token, random: random.split())
                group.addTask { await worker.run() }
            }
        }
    }
}

/// One client.
final class CrashWorker: Sendable {
    let load: CrashLoad
    private let nodes: [RegistryClient]
    private let token: String
    private let random: SeededGenerator

    init(load: CrashLoad, nodes: [RegistryClient], token: String, random: SeededGenerator) {
        self.load = load
        self.nodes = nodes
        self.token = token
        self.random = random
    }

    var ledger: PushLedger { load.ledger }

    func run() async {
        var random = random
        while !Task.isCancelled, !ledger.isOver {
            do {
                try await act(&random)
            } catch is Refused {
                continue
            } catch {
                // The server died under the request; whoever cancelled us knows.
                ledger.count("broken")
                try? await Task.sleep(for: .milliseconds(5))
            }
        }
    }

    private func act(_ random: inout SeededGenerator) async throws {
        switch Int.random(in: 0..<100, using: &random) {
        case ..<40: try await push(&random)
        case ..<50: try await retag(&random)
        case ..<60: try await mount(&random)
        case ..<68: try await deleteTag(&random)
        case ..<76: try await deleteManifest(&random)
        case ..<92: try await pull(&random)
        default: try await abandon(&random)
        }
    }

    func repository(_ random: inout SeededGenerator) -> String {
        CrashLoad.repositories[Int.random(in: 0..<CrashLoad.repositories.count, using: &random)]
    }

    /// The server answered, and the answer was no.
    struct Refused: Error {}

    /// Sends a request to any node; an answer that no healthy server gives is a violation.
    func send(
        _ method: String, _ target: String, _ headers: [String: String] = [:], body: [UInt8]? = nil,
        streamed: Bool = false
    ) async throws -> Answer {
        let node = nodes.randomElement() ?? nodes[0]
        let wasBroken = ledger.isBroken
        let answer = try await node.send(
            method, target, headers, body: body, streamed: streamed, as: .verbatim(token))
        guard answer.status >= 500 else { return answer }
        ledger.count("\(answer.status)")
        if ledger.excuses(answer, wasBroken) { throw Refused() }
        ledger.note(unexcused: answer, to: "\(method) \(target) at \(node.url)")
        return answer
    }
}
