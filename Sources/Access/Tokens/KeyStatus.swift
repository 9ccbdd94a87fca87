// SPDX-License-Identifier: Apache-2.0

/// A key that tokens are signed with, as an operator sees it: never the key itself.
package struct KeyStatus: Sendable, Hashable {
    /// What a key is for now.
    package enum Use: Sendable, Hashable {
        /// Every node is to know it before it signs, at this time in microseconds since 1970.
        case introduced(signsFrom: Int64)
        case signs
        /// It checks what it signed, until this time in microseconds since 1970; nil: until the keys are changed.
        case verifies(until: Int64?)
    }

    /// Its name in tokens.
    package let id: String
    package let algorithm: String
    /// Microseconds since 1970.
    package let createdAt: Int64
    package let use: Use
}
