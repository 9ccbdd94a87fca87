// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Says on standard error what is happening.
func progress(_ line: String) { FileHandle.standardError.write(Data("bench: \(line)\n".utf8)) }

/// `value` with `digits` digits after the point.
func decimal(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }

/// Seconds on the monotonic clock.
func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// How long `body` takes, in seconds, and what it returns.
func timed<T>(_ body: () throws -> T) rethrows -> (seconds: Double, value: T) {
    let start = now()
    let value = try body()
    return (now() - start, value)
}
