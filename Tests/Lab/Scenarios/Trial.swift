// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit

/// One run of a scenario: clients, the fault, and the look at everything afterwards.
struct Trial: Sendable {
    let scenario: Scenario
    let lab: Lab
    /// Whether scenarios that have a large push do it.
    let hasLargePush: Bool

    /// How it ended.
    struct Outcome: Sendable {
        let scenario: Scenario
        let load: LoadResult
        let skopeo: ClientLoop.Tally
        let docker: ClientLoop.Tally
        /// How long the push of two gigabytes took, with its tries; nil without one.
        let largePush: LargePush.Course?
        let figures: [Figure]
        /// Promises that were broken, in words.
        let misses: [String]

        var commands: Int { skopeo.commands + docker.commands }
        var failedCommands: [String] { skopeo.failures + docker.failures }

        /// The line that says it all.
        var line: String {
            """
            \(scenario.name): failed client commands: \(failedCommands.count), failed requests: \(load.failedRequests), \
            longest pause: \(load.longestPause.shown) s, lost: \(load.violations.count)
            """
        }
    }

    func run() async throws -> Outcome {
        let load = try await LabLoad(
            lab.client, checking: LabAddress.nodes.map(lab.client), usesPassword: scenario.usesPassword)
        let (skopeo, docker) = (ClientLoop(), ClientLoop())
        let clients = try lab.clients
        let working = Task {  // ended and awaited below
            async let first: Void = skopeo.run(clients.skopeoRound)
            async let second: Void = docker.run(clients.dockerRound)
            _ = try await (first, second)
        }
        var figures: [Figure] = []
        var largePush: LargePush.Course?
        let result: LoadResult
        do {
            (result, figures, largePush) = try await perform(load)
        } catch {
            for loop in [skopeo, docker] { loop.end() }
            _ = await working.result
            throw error
        }
        for loop in [skopeo, docker] { loop.end() }
        try await working.value
        try await lab.awaitHealth()
        var misses = try await verify()
        misses += scenario.promise.misses(
            result, failures: skopeo.tally.failures + docker.tally.failures, figures: figures)
        return Outcome(
            scenario: scenario, load: result, skopeo: skopeo.tally, docker: docker.tally, largePush: largePush,
            figures: figures, misses: misses)
    }

    private func perform(_ load: LabLoad) async throws -> (LoadResult, [Figure], LargePush.Course?) {
        let large = hasLargePush && scenario.hasLargePush ? try await LargePush(lab.clients) : nil
        // Its bytes are on their way when something breaks.
        async let pushing = large?.run()
        var figures: [Figure] = []
        let result = try await load.run { figures = try await scenario.act(lab) }
        return (result, figures, try await pushing)
    }

    /// Compares everything that is stored with everything that is remembered.
    private func verify() async throws -> [String] {
        let result = try await lab.host("node2").run(
            "haven doctor --verify --config /etc/haven/haven.cfg", deadline: .seconds(300))
        return result.status == 0 ? [] : ["haven doctor --verify: \(result)"]
    }
}

extension Double {
    /// With two digits after the point.
    var shown: String {
        formatted(.number.precision(.fractionLength(2)).grouping(.never).locale(Locale(identifier: "en")))
    }
}
