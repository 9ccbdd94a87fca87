// SPDX-License-Identifier: Apache-2.0

/// What all rounds of one scenario gave.
struct Outcome {
    let scenario: Scenario
    private(set) var rounds: [String: [Contestant: Rounds]] = [:]
    /// Contestants that could not be measured, with the reason.
    private(set) var failures: [Contestant: String] = [:]

    init(_ scenario: Scenario) { self.scenario = scenario }

    mutating func add(_ values: [String: Double], of contestant: Contestant) {
        for (figure, value) in values { rounds[figure, default: [:]][contestant, default: Rounds()].add(value) }
    }

    mutating func fail(_ contestant: Contestant, _ reason: String) { failures[contestant] = reason }

    func rounds(_ figure: Figure, _ contestant: Contestant) -> Rounds {
        rounds[figure.name]?[contestant] ?? Rounds()
    }
}

/// Runs scenarios so that every contestant meets the same machine: in each round all of them, one after another, and
/// each round begins with another one.
struct Runner {
    let rounds: Int

    func run(_ scenario: Scenario) -> Outcome {
        var outcome = Outcome(scenario)
        let contestants = scenario.contestants
        for round in 0..<min(rounds, scenario.roundLimit) {
            for offset in contestants.indices {
                let contestant = contestants[(round + offset) % contestants.count]
                guard outcome.failures[contestant] == nil else { continue }
                do {
                    let values = try scenario.measure(contestant)
                    outcome.add(values, of: contestant)
                    progress("\(scenario.name) \(round + 1) \(contestant.rawValue): \(summary(values, scenario))")
                } catch {
                    outcome.fail(contestant, "\(error)")
                    progress("\(scenario.name) \(round + 1) \(contestant.rawValue) FAILED: \(error)")
                }
            }
        }
        return outcome
    }

    private func summary(_ values: [String: Double], _ scenario: Scenario) -> String {
        scenario.figures.compactMap { figure in
            values[figure.name].map { "\(figure.name) \(decimal($0, figure.digits)) \(figure.unit)" }
        }.joined(separator: ", ")
    }
}
