// SPDX-License-Identifier: Apache-2.0

/// One thing that is wrong with a plan, in a sentence that says what to do.
package struct PlanFault: Hashable, Sendable, CustomStringConvertible {
    /// The key with the way to it, such as `balancers[1].priority`; empty when the whole file is meant.
    package let key: String
    /// The line in the file, from 1.
    package let line: Int?
    /// What is wrong, and the remedy.
    package let message: String

    package var description: String {
        let place = line.map { "line \($0): " } ?? ""
        return key.isEmpty ? "\(place)\(message)" : "\(place)\(key): \(message)"
    }
}

/// Every fault of a plan, together.
package struct PlanError: Error, CustomStringConvertible {
    package let faults: [PlanFault]

    package var description: String {
        let head = faults.count == 1 ? "1 fault in the plan:" : "\(faults.count) faults in the plan:"
        return ([head] + faults.map { "  \($0)" }).joined(separator: "\n")
    }
}
