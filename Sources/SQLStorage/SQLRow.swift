// SPDX-License-Identifier: Apache-2.0

/// One row of a result; columns count from 0 in the order of the statement.
///
/// Tables are strictly typed, so a column of another type than asked for is a mistake in the statement and stops the
/// program in tests, where it belongs; use the `optional…` forms for columns that may be NULL.
package struct SQLRow: Sendable, Hashable {
    /// The values of all columns.
    package let values: [SQLValue]

    /// Makes a row; drivers and tests do.
    package init(_ values: [SQLValue]) {
        self.values = values
    }

    /// Whether column `index` is NULL.
    package func isNull(_ index: Int) -> Bool {
        values[index] == .null
    }

    /// The number in column `index`.
    package func integer(_ index: Int) -> Int64 {
        guard case .integer(let value) = values[index] else { mismatch(index, "an integer") }
        return value
    }

    /// Whether the number in column `index` is not 0.
    package func flag(_ index: Int) -> Bool {
        integer(index) != 0
    }

    /// The text in column `index`.
    package func text(_ index: Int) -> String {
        guard case .text(let value) = values[index] else { mismatch(index, "text") }
        return value
    }

    /// The bytes in column `index`.
    package func blob(_ index: Int) -> [UInt8] {
        guard case .blob(let value) = values[index] else { mismatch(index, "bytes") }
        return value
    }

    /// The number in column `index`, or nil when it is NULL.
    package func optionalInteger(_ index: Int) -> Int64? {
        isNull(index) ? nil : integer(index)
    }

    /// The text in column `index`, or nil when it is NULL.
    package func optionalText(_ index: Int) -> String? {
        isNull(index) ? nil : text(index)
    }

    /// The bytes in column `index`, or nil when it is NULL.
    package func optionalBlob(_ index: Int) -> [UInt8]? {
        isNull(index) ? nil : blob(index)
    }

    private func mismatch(_ index: Int, _ wanted: String) -> Never {
        preconditionFailure("column \(index) is not \(wanted); it is \(values[index].kind)")
    }
}

extension SQLValue {
    /// The kind in words; the value itself may be secret.
    fileprivate var kind: String {
        switch self {
        case .null: "NULL"
        case .integer: "an integer"
        case .text: "text"
        case .blob: "bytes"
        }
    }
}
