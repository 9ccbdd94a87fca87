// SPDX-License-Identifier: Apache-2.0

/// One SQL statement, written as SQL: `"SELECT name FROM projects WHERE id = \(id)"` binds `id`.
///
/// An interpolated ``SQLFragment`` is inlined; every other value becomes a placeholder, so no value ever turns into text.
/// Literal parts hold no question mark, because drivers that number their placeholders count them.
package struct SQLStatement: Sendable, Hashable {
    /// The text, with one `?` for each value.
    package let text: String
    /// The bound values, in the order of their placeholders.
    package let values: [SQLValue]

    /// Makes a statement of a fragment that stands for itself.
    package init(_ fragment: SQLFragment) {
        text = fragment.text
        values = fragment.values
    }
}

extension SQLStatement: ExpressibleByStringInterpolation {
    package typealias StringInterpolation = SQLFragment.StringInterpolation

    package init(stringLiteral value: String) {
        text = value
        values = []
    }

    package init(stringInterpolation: StringInterpolation) {
        text = stringInterpolation.text
        values = stringInterpolation.values
    }
}
