// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit

/// Raw requests to the virtual address while something breaks: clients that push, clients that pull, one that uploads in
/// chunks, and a probe in the clock's own beat. Afterwards every node is asked for everything that was acknowledged.
struct LabLoad: Sendable {
    private let client: RegistryClient
    private let nodes: [RegistryClient]
    private let token: String
    private let ledger = PushLedger(isBehindBalancer: true)
    private let pulls: SteadyPulls
    private let image: TestImage
    private let log = ProbeLog()
    private let start = ContinuousClock.now

    /// The repository of the images that are only read.
    private static let repository = "library/steady"

    /// - Parameters:
    ///   - client: Sends to the virtual address.
    ///   - nodes: Sends to the nodes themselves, for the check at the end.
    ///   - usesPassword: Whether name and password go with each request; a token is good only where the clocks agree.
    init(_ client: RegistryClient, checking nodes: [RegistryClient], usesPassword: Bool) async throws {
        (self.client, self.nodes) = (client, nodes)
        token = usesPassword ? client.basic ?? "" : try await Self.token(from: client)
        let images = (0..<3).map { _ in TestImage.make(layers: [.random(30_000), .random(200_000)]) }
        for (number, image) in images.enumerated() {
            try await client.push(image, to: Self.repository, at: "tag\(number)")
        }
        image = images[0]
        pulls = SteadyPulls(images, in: Self.repository, token: self.token) { [client] }
        // Each node reads them, so that it knows them when it stands alone.
        for node in nodes {
            try await SteadyPulls(images, in: Self.repository, token: self.token) { [node] }.pullAllEverywhere()
        }
    }

    private static func token(from client: RegistryClient) async throws -> String {
        let scopes = (CrashLoad.repositories + [repository]).map { "repository:\($0):pull,push,delete" }
        guard let token = try await client.token(scopes: scopes).json?["token"] as? String else {
            throw ToolFailure(what: "no token at \(client.url)")
        }
        return "Bearer \(token)"
    }

    /// Runs everything beside `fault`, which breaks something, waits for what it wants to see, and mends it.
    func run(_ fault: () async throws -> Void) async throws -> LoadResult {
        var random = SeededGenerator(seed: .random(in: 0...99_999_999))
        var result = LoadResult()
        ledger.tolerate(.none)
        try await underLoad(&random) {
            try await Task.sleep(for: .seconds(3))
            ledger.tolerate(.broken)
            result.faultBegan = SteadyProbe.seconds(ContinuousClock.now - start)
            try await fault()
            result.faultEnded = SteadyProbe.seconds(ContinuousClock.now - start)
            ledger.tolerate(.none)
            try await Task.sleep(for: .seconds(3))
        }
        try await CrashCheck(nodes, token: token, ledger).look(at: ledger.names(sample: .max, &random))
        sum(&result)
        return result
    }

    /// Runs the clients beside `body`, and lets what is under way come to its end.
    private func underLoad(_ random: inout SeededGenerator, _ body: () async throws -> Void) async throws {
        let (choices, chunks) = (random.split(), random.split())
        let load = CrashLoad(ledger: ledger, lease: .seconds(600), seed: random.next())
        let probe = SteadyProbe(
            url: client.url, token: token, path: "/v2/\(Self.repository)/manifests/tag0",
            expected: image.manifest.bytes, log: log, start: start)
        let working = Task { [ledger, pulls, client, token] in  // ends with the ledger, awaited below
            async let probing: Void = probe.run { ledger.isOver }
            async let pulling: Void = pulls.run(2) { ledger.isOver }
            async let chunked: Void = ResumingClient([client], token: token, ledger).run(chunks)
            await load.run(2, [client], token: token, choices)
            _ = await (probing, pulling, chunked)
        }
        var failure: (any Error)?
        do { try await body() } catch { failure = error }
        ledger.end()
        if failure != nil { working.cancel() }
        await working.value
        if let failure { throw failure }
    }

    private func sum(_ result: inout LoadResult) {
        let (tally, counts) = (pulls.tally, ledger.counts)
        result.entries = log.all
        result.failures = counts.filter { $0.key == "broken" || $0.key.hasPrefix("5") }
        for fault in result.entries.compactMap(\.fault) { result.failures["probe: \(fault)", default: 0] += 1 }
        if tally.failedRequests > 0 { result.failures["pull"] = tally.failedRequests }
        result.failedRequests = result.failures.values.reduce(0, +)
        (result.failedPulls, result.pulls, result.staleAnswers) = (tally.failedPulls, tally.pulls, tally.staleAnswers)
        result.pushes = counts["manifest put", default: 0]
        result.violations = ledger.violations + tally.violations
    }
}
