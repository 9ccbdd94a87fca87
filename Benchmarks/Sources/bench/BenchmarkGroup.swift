// SPDX-License-Identifier: Apache-2.0

/// Scenarios that run together.
enum BenchmarkGroup: String {
    /// The table of minutes, object stores included.
    case short
    /// Object stores alone.
    case stores
    /// Large numbers.
    case long

    /// The names of its scenarios.
    var names: [String] {
        switch self {
        case .short: ShortBenchmarks.names + StoreBenchmarks.names
        case .stores: StoreBenchmarks.names
        case .long: LongBenchmarks.names
        }
    }

    func run(_ options: Options) throws -> [Outcome] {
        switch self {
        case .short: try ShortBenchmarks(options).run() + StoreBenchmarks(options).run()
        case .stores: try StoreBenchmarks(options).run()
        case .long: try LongBenchmarks(options).run()
        }
    }

    /// Where its table is kept in `labs/speed`.
    var resultsFile: String {
        switch self {
        case .short: "results.md"
        case .stores: "results-stores.md"
        case .long: "results-long.md"
        }
    }

    var title: String {
        switch self {
        case .short: "Results"
        case .stores: "Results on object stores"
        case .long: "Results of the long run"
        }
    }
}
