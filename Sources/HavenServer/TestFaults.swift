// SPDX-License-Identifier: Apache-2.0
import BlobStorage
import Glibc

/// Named fault points a test arms in a real process, by the variable `HAVEN_FAULT`.
enum TestFaults {
    /// - Throws: ``StartFault/file(_:)`` when the variable cannot be read as fault points: a test must not run without them.
    static func fromEnvironment() throws(StartFault) -> FaultPoints {
        guard let text = getenv("HAVEN_FAULT").map({ String(cString: $0) }) else { return .none }
        guard let points = FaultPoints(parsing: text) else {
            throw .file("HAVEN_FAULT is not a list of name:crash, name:error or name:pause")
        }
        return points
    }
}
