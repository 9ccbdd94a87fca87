// SPDX-License-Identifier: Apache-2.0

/// Whoever takes part in a scenario.
enum Contestant: String, CaseIterable {
    case haven = "Haven"
    case dockerRegistry = "docker-registry"
    /// nginx with a static file: the limit of reading.
    case nginx = "nginx"
    /// The slower of `openssl dgst -sha256` and `dd conv=fsync` of the same bytes: the limit of durable writing.
    case limit = "write limit"
}

/// A bound that the design puts on Haven's median.
enum Gate {
    /// At least `factor` times the figure of the other contestant.
    case atLeast(Double, timesThat: Contestant)
    /// At most `factor` times the figure of the other contestant.
    case atMost(Double, timesThat: Contestant)
    /// At most `factor` times another figure of Haven's.
    case atMostOwn(Double, figure: String)
    /// At most this value, in the figure's unit.
    case below(Double)
    /// At least this value, in the figure's unit.
    case above(Double)
}

/// One number that a run of a scenario gives.
struct Figure {
    let name: String
    let unit: String
    /// Digits after the point in the table.
    var digits = 0
    var gates: [Gate] = []
}

/// One question asked of several contestants, one round at a time.
struct Scenario {
    /// What `--only` calls it.
    let name: String
    let title: String
    let contestants: [Contestant]
    let figures: [Figure]
    /// Fewer rounds than asked for, for scenarios that take minutes each.
    var roundLimit = Int.max
    /// Runs once on one contestant and returns a value for each figure it has there, by the figure's name.
    let measure: (Contestant) throws -> [String: Double]
}

/// Something that makes a measurement worthless: a server that does not start, an answer that is not the expected one.
struct BenchmarkFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
