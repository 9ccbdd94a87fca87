// SPDX-License-Identifier: Apache-2.0
import Foundation

/// GET requests at a fixed rate, so that a slower server shows in the waiting and not in fewer requests.
///
/// A request's time counts from the moment it was due, not from the moment its connection was free.
struct PacedLoad {
    let port: Int
    let paths: [String]
    let headers: [(String, String)]
    let requestsPerSecond: Int
    let connections: Int

    /// Runs until `stop` says so and returns all times in seconds, sorted.
    func run(until stop: Flag) throws -> [Double] {
        let load = self
        return try inParallel(connections) { try load.requests(of: $0, until: stop) }.flatMap { $0 }.sorted()
    }

    private func requests(of index: Int, until stop: Flag) throws -> [Double] {
        let connection = try Connection(port: port)
        let interval = Double(connections) / Double(requestsPerSecond)
        var due = now() + interval * Double(index) / Double(connections)
        var number = index
        var times: [Double] = []
        while !stop.isSet {
            let wait = due - now()
            if wait > 0 { usleep(UInt32(wait * 1e6)) }
            let answer = try connection.send("GET", paths[number % paths.count], headers)
            guard answer.status == 200 else { throw BenchmarkFailure("a pull was answered \(answer.status)") }
            times.append(now() - due)
            due += interval
            number += 1
        }
        return times
    }
}

/// Something that one thread sets and others see.
final class Flag: @unchecked Sendable {  // `value` is only touched under `lock`
    private let lock = NSLock()
    private var value = false

    var isSet: Bool { lock.withLock { value } }

    func set() { lock.withLock { value = true } }
}
