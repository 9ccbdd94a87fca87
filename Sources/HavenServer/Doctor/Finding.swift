// SPDX-License-Identifier: Apache-2.0

/// One result of an examination, in words for an operator.
package struct Finding: Sendable, Hashable {
    /// How much it matters.
    package enum Level: String, Sendable, CaseIterable {
        /// As it should be.
        case good
        /// It works; somebody should look at it.
        case warning
        /// It does not work, or will lose data.
        case fault
    }

    package let level: Level
    /// What was looked at, in one or two words.
    package let subject: String
    /// What was found, and what to do when it is not good.
    package let text: String
    /// The setting to change when it is not good; nil when it is not about one.
    package let key: String?

    package init(_ level: Level, _ subject: String, _ text: String, key: String? = nil) {
        self.level = level
        self.subject = subject
        // Libraries tell some things in several lines.
        self.text = text.split { $0.isWhitespace }.joined(separator: " ")
        self.key = key
    }
}
