// SPDX-License-Identifier: Apache-2.0

import OCI

/// A list that a command prints: rows with named columns.
struct Listing {
    /// One value of a row.
    enum Cell {
        case text(String)
        case number(Int64)
        case bool(Bool)
        case list([String])
        case none

        var text: String {
            switch self {
            case .text(let text): text
            case .number(let number): "\(number)"
            case .bool(let bool): bool ? "yes" : "no"
            case .list(let texts): texts.isEmpty ? "-" : texts.joined(separator: " ")
            case .none: "-"
            }
        }
    }

    /// The columns' names, as JSON and as the head of the table show them.
    let columns: [String]
    private(set) var rows: [[Cell]] = []

    init(_ columns: String...) {
        self.columns = columns
    }

    mutating func add(_ cells: Cell...) {
        rows.append(cells)
    }

    /// Prints the rows as a table, or as a JSON array of objects.
    func print(_ format: OutputFormat) {
        switch format {
        case .text: Swift.print(table)
        case .json: Swift.print(json)
        }
    }

    var table: String {
        let texts = [columns.map { $0.uppercased() }] + rows.map { $0.map(\.text) }
        let widths = columns.indices.map { column in texts.map { $0[column].count }.max() ?? 0 }
        return texts.map { row in
            var line = ""
            for (column, text) in row.enumerated() {
                line += text
                if column + 1 < row.count {
                    line += String(repeating: " ", count: widths[column] - text.count + 2)
                }
            }
            return line
        }.joined(separator: "\n")
    }

    var json: String {
        var writer = JSONWriter()
        writer.beginArray()
        for row in rows {
            writer.beginObject()
            for (name, cell) in zip(columns, row) {
                writer.key(name)
                switch cell {
                case .text(let text): writer.string(text)
                case .number(let number): writer.int(number)
                case .bool(let bool): writer.bool(bool)
                case .list(let texts):
                    writer.beginArray()
                    for text in texts { writer.string(text) }
                    writer.endArray()
                case .none: writer.null()
                }
            }
            writer.endObject()
        }
        writer.endArray()
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
