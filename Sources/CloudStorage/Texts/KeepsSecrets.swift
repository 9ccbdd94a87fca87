// SPDX-License-Identifier: Apache-2.0

/// A value with a password, key or token in it, which no text shows: not in a log, not in an error of a library that prints
/// what holds it, not in a test's report.
package protocol KeepsSecrets: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {}

extension KeepsSecrets {
    package var description: String { "\(Self.self)(•••)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
