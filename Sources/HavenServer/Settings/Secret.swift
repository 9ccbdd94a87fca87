// SPDX-License-Identifier: Apache-2.0

/// A value that must never be seen: it prints as `•••` wherever it is shown, logged or reflected.
package struct Secret: Sendable {
    private let value: String

    /// Wraps a value that came from a file or the environment.
    package init(_ value: String) {
        self.value = value
    }

    /// The value itself. Call it only where the value is used, never to print or keep it.
    package func reveal() -> String {
        value
    }
}

extension Secret: Equatable {
    /// Compares in a time that depends only on the lengths.
    package static func == (left: Secret, right: Secret) -> Bool {
        let (a, b) = (Array(left.value.utf8), Array(right.value.utf8))
        var difference: UInt8 = a.count == b.count ? 0 : 1
        for index in 0..<min(a.count, b.count) { difference |= a[index] ^ b[index] }
        return difference == 0
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "•••" }
    package var debugDescription: String { "•••" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
