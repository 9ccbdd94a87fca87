// SPDX-License-Identifier: Apache-2.0

/// The text of a settings file, read as Harbor's installer reads `harbor.cfg`: with the rules of Python's ConfigParser.
///
/// One `key = value` or `key: value` a line; keys in any case; `#` and `;` start a comment line, ` ;` a comment at the
/// end of a line; an indented line continues the value above it; of two equal keys the last counts.
package struct ConfigFile: Sendable, Equatable {
    /// One key with its value.
    package struct Entry: Sendable, Equatable {
        package let key: String
        package var value: String
        /// The line of the key, counted from 1.
        package let line: Int
    }

    /// A line that is not part of the syntax.
    package struct Fault: Sendable, Equatable {
        package let line: Int
        package let message: String
    }

    /// The most a file may hold; a settings file is a page or two.
    package static let byteLimit = 1_048_576

    /// The entries in the order of the file. A key may stand twice; the last one counts.
    package private(set) var entries: [Entry] = []

    /// What could not be read.
    package private(set) var faults: [Fault] = []

    /// Reads the text of a file. Any bytes are accepted; what is wrong becomes a fault with its line.
    package init(parsing bytes: some Sequence<UInt8>) {
        guard let text = String(validating: Array(bytes), as: UTF8.self) else {
            faults.append(Fault(line: 1, message: "the file is not UTF-8 text"))
            return
        }
        guard text.utf8.count <= Self.byteLimit else {
            faults.append(Fault(line: 1, message: "the file is larger than \(Self.byteLimit) bytes"))
            return
        }
        var rest = Substring(text)
        if rest.hasPrefix("\u{feff}") { rest.removeFirst() }
        for (index, line) in rest.split(
            omittingEmptySubsequences: false, whereSeparator: { $0 == "\n" || $0 == "\r\n" }
        ).enumerated() {
            read(line, number: index + 1)
        }
    }

    private mutating func read(_ line: Substring, number: Int) {
        let content = withoutComment(line).trimmed
        guard !content.isEmpty else { return }
        if content.unicodeScalars.contains(where: { $0.value == 0 }) {
            faults.append(Fault(line: number, message: "the line holds a NUL character"))
        } else if let first = line.first, first == " " || first == "\t" {
            continueValue(with: content, number: number)
        } else if content.hasPrefix("[") {
            faults.append(
                Fault(
                    line: number,
                    message: "sections such as \(content.prefix(64)) are not used; "
                        + "remove the line"))
        } else {
            add(content, number: number)
        }
    }

    private mutating func continueValue(with content: String, number: Int) {
        guard !entries.isEmpty else {
            faults.append(
                Fault(
                    line: number,
                    message: "an indented line continues a value, but no key stands "
                        + "above it"))
            return
        }
        let last = entries.count - 1
        entries[last].value += entries[last].value.isEmpty ? content : "\n" + content
    }

    private mutating func add(_ content: String, number: Int) {
        guard let separator = content.firstIndex(where: { $0 == "=" || $0 == ":" }),
            case let key = content[..<separator].trimmed, !key.isEmpty
        else {
            faults.append(Fault(line: number, message: "expected key = value"))
            return
        }
        let value = content[content.index(after: separator)...].trimmed
        // ConfigParser gives the empty string for a pair of quotation marks, and keeps all others.
        entries.append(
            Entry(key: key.lowercased(), value: value == "\"\"" ? "" : value, line: number))
    }

    /// The line up to a comment: the whole line from a leading `#` or `;`, or the rest after ` ;`.
    private func withoutComment(_ line: Substring) -> Substring {
        let content = line.drop { $0 == " " || $0 == "\t" }
        if content.hasPrefix("#") || content.hasPrefix(";") { return "" }
        var previous: Character = "x"
        for index in line.indices {
            if line[index] == ";" && (previous == " " || previous == "\t") { return line[..<index] }
            previous = line[index]
        }
        return line
    }
}
