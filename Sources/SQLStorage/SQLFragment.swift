// SPDX-License-Identifier: Apache-2.0

/// A piece of SQL with the values bound in it; inlined when interpolated into a statement or another fragment.
///
/// The only way to put raw text that is not a literal into SQL is ``init(raw:)``, so that a reader can find every such place.
package struct SQLFragment: Sendable, Hashable {
    /// The text, with one `?` for each value. Literal parts hold no question mark of their own.
    package private(set) var text: String
    /// The bound values, in the order of their placeholders.
    package private(set) var values: [SQLValue]

    /// Takes `raw` as it is. Never pass anything that came from outside.
    package init(raw: String) {
        text = raw
        values = []
    }

    init(text: String, values: [SQLValue]) {
        self.text = text
        self.values = values
    }

    /// The values as a comma separated list of placeholders, for `IN (…)` and `VALUES (…)`.
    package static func list(_ values: some Sequence<some SQLBindable>) -> SQLFragment {
        let bound = values.map(\.sqlValue)
        return SQLFragment(text: bound.map { _ in "?" }.joined(separator: ", "), values: bound)
    }
}

extension Sequence<SQLFragment> {
    /// All fragments in order with `separator` between them, such as `" AND "`.
    package func joined(separator: SQLFragment) -> SQLFragment {
        var builder = SQLFragment.StringInterpolation(literalCapacity: 64, interpolationCount: 4)
        for (index, fragment) in enumerated() {
            if index > 0 { builder.appendInterpolation(separator) }
            builder.appendInterpolation(fragment)
        }
        return SQLFragment(stringInterpolation: builder)
    }
}

extension SQLFragment: ExpressibleByStringInterpolation {
    /// Collects literal text, bound values and inlined fragments.
    package struct StringInterpolation: StringInterpolationProtocol {
        var text = ""
        var values: [SQLValue] = []

        package init(literalCapacity: Int, interpolationCount: Int) {
            text.reserveCapacity(literalCapacity + interpolationCount * 2)
            values.reserveCapacity(interpolationCount)
        }

        package mutating func appendLiteral(_ literal: String) {
            text += literal
        }

        /// Binds `value` to a placeholder.
        package mutating func appendInterpolation(_ value: some SQLBindable) {
            text += "?"
            values.append(value.sqlValue)
        }

        /// Binds a value that may be absent; absent is NULL.
        package mutating func appendInterpolation<Value: SQLBindable>(_ value: Value?) {
            text += "?"
            values.append(value?.sqlValue ?? .null)
        }

        /// Inlines `fragment` with its values.
        package mutating func appendInterpolation(_ fragment: SQLFragment) {
            text += fragment.text
            values += fragment.values
        }
    }

    package init(stringLiteral value: String) {
        self.init(raw: value)
    }

    package init(stringInterpolation: StringInterpolation) {
        self.init(text: stringInterpolation.text, values: stringInterpolation.values)
    }
}
