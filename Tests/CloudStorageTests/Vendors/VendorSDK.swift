// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit
import Testing

/// The vendors' own Python libraries against the doubles: what these programs, written elsewhere, take for the real
/// service is close enough to it for Haven's drivers.
@Suite("vendor libraries", .vendorLibraries)
enum VendorSDKTests {}

extension Trait where Self == ConditionTrait {
    /// Runs a suite where the Python packages are installed; in continuous integration, and where `HAVEN_TEST_CLIENTS`
    /// is set, it runs anyway, so that a missing package fails the tests instead of hiding them.
    static var vendorLibraries: Self {
        let environment = ProcessInfo.processInfo.environment
        let mustRun = environment["CI"] != nil || environment["HAVEN_TEST_CLIENTS"] != nil
        return .enabled(
            if: mustRun || Tool.path(of: TestPython.program("python3")) != nil, "not there: \(TestPython.folder)")
    }
}

/// A Python script that prints one line for each thing it saw.
struct VendorScript {
    let text: String

    /// Runs the script and returns its lines.
    func run(_ arguments: [String]) async throws -> [String] {
        let python = Tool(TestPython.program("python3"), environment: ["PYTHONWARNINGS": "ignore"])
        return try await python.check(["-c", text] + arguments).split(separator: "\n").map(String.init)
    }
}
