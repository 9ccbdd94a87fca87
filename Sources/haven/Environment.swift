// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The environment of the process, read once at start.
enum Environment {
    /// Every variable of the form `NAME=value`.
    static var variables: [String: String] {
        var variables: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let parts = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
            entry = entry.advanced(by: 1)
        }
        return variables
    }
}
