// SPDX-License-Identifier: Apache-2.0

package import SQLStorage

/// One numbered step of the schema. Never edited after a release: its checksum is stored with every database.
package struct Migration: Sendable {
    /// Its place; the first is 1 and there are no gaps.
    package let number: Int
    /// What it is for, in a few words.
    package let title: String
    private let text: @Sendable (SQLDialect) -> [SQLStatement]

    /// Declares a migration; one change a step, each statement safe to run again when it was the last one before a crash.
    package init(_ number: Int, _ title: String, _ text: @escaping @Sendable (SQLDialect) -> [SQLStatement]) {
        self.number = number
        self.title = title
        self.text = text
    }

    /// The statements in order.
    package func statements(for dialect: SQLDialect) -> [SQLStatement] {
        text(dialect)
    }
}
