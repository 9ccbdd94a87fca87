// SPDX-License-Identifier: Apache-2.0
import Foundation

/// GET requests by `wrk`, two threads.
struct WrkLoad {
    /// The script that makes the requests.
    let script: String

    /// - Throws: ``BenchmarkFailure`` when any request failed: figures of errors are no figures.
    func run(_ request: LoadRequest, connections: Int, seconds: Int) throws -> LoadResult {
        var arguments = ["-t2", "-c\(connections)", "-d\(seconds)s", "--timeout", "30s", "-s", script]
        for (name, value) in request.headers { arguments += ["-H", "\(name): \(value)"] }
        arguments += ["http://127.0.0.1:\(request.port)\(request.path)", "--"] + words(of: request.variation)
        let output = try execute("wrk", arguments)
        guard let line = output.split(separator: "\n").first(where: { $0.hasPrefix("RESULT ") }) else {
            throw BenchmarkFailure("wrk said: \(output.suffix(300))")
        }
        let values = line.split(separator: " ").dropFirst().compactMap { Double($0) }
        guard values.count == 6, values[0] > 0, values[5] == 0 else {
            let counts = "\(Int(values.last ?? 0)) failed of \(Int(values.first ?? 0)) requests"
            throw BenchmarkFailure("wrk had \(counts): \(request.path)")
        }
        return LoadResult(
            requests: Int(values[0]), seconds: values[1] / 1e6,
            p50Milliseconds: values[3] / 1e3, p99Milliseconds: values[4] / 1e3)
    }

    private func words(of variation: LoadRequest.Variation) -> [String] {
        switch variation {
        case .none: ["plain"]
        case .ranges(let size, let length): ["ranges", "\(size)", "\(length)"]
        case .last(let prefix, let digits, let count): ["last", prefix, "\(digits)", "\(count)"]
        }
    }
}
