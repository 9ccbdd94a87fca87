// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit

/// Python with the client libraries of `scripts/test-python.txt`, as `make test` installs them.
struct PythonClient: Sendable {
    /// Runs a script.
    ///
    /// - Parameter arguments: What the script finds in `sys.argv[1:]`.
    @discardableResult
    static func run(_ script: String, _ arguments: [String], environment: [String: String?] = [:]) async throws
        -> String
    {
        try await Tool(interpreter, environment: environment).check(["-c", script] + arguments)
    }

    /// The interpreter of the virtual environment in the package's folder, or the one `HAVEN_TEST_PYTHON` names.
    static var interpreter: String {
        if let named = ProcessInfo.processInfo.environment["HAVEN_TEST_PYTHON"] { return named }
        let package = #filePath.components(separatedBy: "/Tests/SystemTests/")[0]
        return "\(package)/.build-tools/venv/bin/python3"
    }
}
