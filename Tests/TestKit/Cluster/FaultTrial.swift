// SPDX-License-Identifier: Apache-2.0

/// One row of the fault matrix: a cluster under load, something breaks, it is mended, and a checker looks at everything.
///
/// While it is broken, servers may tell clients to come back (503 with Retry-After); before and after, they may not. At the
/// end every node shows what was acknowledged, and `haven doctor --verify` finds rows, counters and objects in order.
package struct FaultTrial: Sendable {
    /// How a trial ended.
    package struct Outcome: Sendable {
        package let pulls: SteadyPulls.Tally
        /// What clients that push did and met, by name.
        package let pushes: [String: Int]
        /// From the fault until a push was taken again, on every running node.
        package let pushPause: Duration
        /// Broken promises; empty when all was kept.
        package let violations: [String]
        /// The digests of all blobs that a manifest still names.
        package let blobs: Set<String>
    }

    /// The row, such as `F6`.
    let name: String
    let cluster: HavenCluster
    private let lease: Duration
    private let usesPassword: Bool
    private let repository = "library/steady"

    /// - Parameters:
    ///   - lease: The setting `lease_life` of the cluster.
    ///   - usesPassword: Whether clients send name and password with each request; a token is good only where the clocks
    ///     stand close together.
    package init(
        _ name: String, on cluster: HavenCluster, lease: Duration = .seconds(20), usesPassword: Bool = false
    ) {
        self.name = name
        self.cluster = cluster
        self.lease = lease
        self.usesPassword = usesPassword
    }

    /// Runs the trial and prints its line.
    ///
    /// - Parameters:
    ///   - isTolerant: Whether servers may answer 503 while it is broken.
    ///   - limit: How long the mended cluster may take until every node takes pushes again.
    ///   - fault: Breaks something, waits for what it wants to see, and mends it or not.
    package func run(
        isTolerant: Bool = true, recovery limit: Duration = .seconds(30), _ fault: (FaultTrial) async throws -> Void
    ) async throws -> Outcome {
        var random = SeededGenerator(seed: .random(in: 0...99_999_999))
        let ledger = PushLedger()
        ledger.tolerate(.none)
        let scopes = (CrashLoad.repositories + [repository]).map { "repository:\($0):pull,push,delete" }
        let token = usesPassword ? cluster.clients[0].basic ?? "" : try await cluster.token(scopes)
        let pulls = try await preparePulls(token)
        let load = CrashLoad(ledger: ledger, lease: lease, seed: random.next())
        let (choices, chunks) = (random.split(), random.split())
        let resuming = ResumingClient(cluster.clients, token: token, ledger)
        let working = Task {  // cancelled and awaited below
            async let pulling: Void = pulls.run(4) { ledger.isOver }
            async let chunked: Void = resuming.run(chunks)
            await load.run(3, cluster.clients, token: token, choices)
            _ = await (pulling, chunked)
        }
        let pause: Duration
        do {
            try await progress(ledger, by: 5)
            if isTolerant { ledger.tolerate(.broken) }
            let start = ContinuousClock.now
            try await fault(self)
            try await awaitPushes(within: limit, as: .verbatim(token))
            pause = ContinuousClock.now - start
            ledger.tolerate(.none)
            try await progress(ledger, by: 5)
        } catch {
            working.cancel()
            await working.value
            print("\(name): broken off; \(ledger.counts), violations: \(ledger.violations + pulls.tally.violations)")
            throw error
        }
        ledger.end()
        await working.value
        try await check(ledger, token, &random)
        let outcome = Outcome(
            pulls: pulls.tally, pushes: ledger.counts, pushPause: pause,
            violations: ledger.violations + pulls.tally.violations, blobs: ledger.blobs.union(pulls.blobs))
        print(line(outcome))
        return outcome
    }

    /// Waits until the node answers pulls from what it last knew.
    package func awaitOutage(of node: HavenProcess, within limit: Duration = .seconds(20)) async throws {
        let isSeen = try await eventually(within: limit, every: .milliseconds(50)) {
            let answer = try await node.client.send("GET", "/api/v2.0/health", as: .none)
            return answer.status == 503 && answer.text.contains("out of reach")
        }
        guard isSeen else { throw ToolFailure(what: "\(node.host) does not see that the database is away") }
    }

    /// Runs a collector beside those of the nodes that run, on each machine of a node.
    package func runCollectors() async throws {
        for node in cluster.running { try await node.command("gc") }
    }

    private func preparePulls(_ token: String) async throws -> SteadyPulls {
        let images = (0..<3).map { _ in TestImage.make(layers: [.random(30_000), .random(200_000)]) }
        for (number, image) in images.enumerated() {
            try await cluster.clients[number % cluster.clients.count].push(image, to: repository, at: "tag\(number)")
        }
        let cluster = cluster
        let pulls = SteadyPulls(images, in: repository, token: token) { cluster.clients }
        try await pulls.pullAllEverywhere()
        return pulls
    }

    /// Waits until clients had more pushes acknowledged.
    private func progress(_ ledger: PushLedger, by count: Int) async throws {
        func done() -> Int { ledger.counts["manifest put", default: 0] }
        let goal = done() + count
        let isReached = try await eventually(within: .seconds(60)) { done() >= goal || !ledger.violations.isEmpty }
        guard isReached else { throw ToolFailure(what: "\(name): nobody gets a push through; \(ledger.counts)") }
    }

    /// Waits until every running node takes a push, and the next shows it at once.
    package func awaitPushes(
        within limit: Duration = .seconds(30), as authorization: RegistryClient.Authorization = .basic
    ) async throws {
        for node in cluster.running {
            var last = ""
            let isBack = try await eventually(within: limit, every: .milliseconds(100)) {
                do {
                    let answer = try await node.client.putEmptyIndex(in: repository, as: authorization)
                    last = "\(answer)"
                    return answer.status == 201
                } catch {
                    last = "\(error)"
                    return false
                }
            }
            guard isBack else { throw ToolFailure(what: "\(name): \(node.host) takes no pushes: \(last)") }
        }
    }

    private func check(_ ledger: PushLedger, _ token: String, _ random: inout SeededGenerator) async throws {
        let check = CrashCheck(cluster.running.map(\.client), token: token, ledger)
        try await check.look(at: ledger.names(sample: .max, &random))
        guard let node = cluster.running.first else { return }
        do {
            try await node.command("doctor", "--verify")
        } catch {
            ledger.violate("\(error)")
        }
    }

    private func line(_ outcome: Outcome) -> String {
        let pulls = outcome.pulls
        return
            "\(name): failed pulls: \(pulls.failedPulls) of \(pulls.pulls), failed requests: \(pulls.failedRequests), "
            + "stale answers: \(pulls.staleAnswers), longest pause: \(pulls.longestPull.inSeconds) s for pulls; "
            + "pushes again after \(outcome.pushPause.inSeconds) s; acknowledged: \(outcome.pushes["manifest put", default: 0]) "
            + "manifests, of requests that push \(outcome.pushes["503", default: 0]) refused and "
            + "\(outcome.pushes["broken", default: 0]) broken off, violations: \(outcome.violations.count)"
    }
}

extension Duration {
    /// Seconds with two decimals.
    package var inSeconds: String {
        let hundredths = Int64(self / .milliseconds(10))
        return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
    }
}
