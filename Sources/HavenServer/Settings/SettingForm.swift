// SPDX-License-Identifier: Apache-2.0

/// How the text of a setting is read, written and described.
package struct SettingForm<Value: Sendable>: Sendable {
    /// The accepted form in words that complete "must be …".
    package let accepts: String

    /// Reads the text of a file, an environment variable or a flag; nil when it has another form.
    package let parse: @Sendable (String) -> Value?

    /// Writes a value as the text that `parse` reads back.
    package let text: @Sendable (Value) -> String

    /// Whether values of this form are shown as `•••`.
    package let isSecret: Bool

    package init(
        _ accepts: String, isSecret: Bool = false, parse: @escaping @Sendable (String) -> Value?,
        text: @escaping @Sendable (Value) -> String
    ) {
        self.accepts = accepts
        self.isSecret = isSecret
        self.parse = parse
        self.text = text
    }
}

extension SettingForm {
    /// The same form, or nothing at all: an empty value means absent.
    package static func optional<Wrapped>(_ form: SettingForm<Wrapped>) -> SettingForm<Wrapped?>
    where Value == Wrapped? {
        SettingForm<Wrapped?>(form.accepts, isSecret: form.isSecret) { text in
            if text.isEmpty { return .some(nil) }
            return form.parse(text).map { .some($0) }
        } text: { value in
            value.map(form.text) ?? ""
        }
    }

    /// Values of another form with commas between; an empty value is an empty list.
    package static func list<Element>(of form: SettingForm<Element>) -> SettingForm<[Element]>
    where Value == [Element] {
        SettingForm<[Element]>("a list with commas of: \(form.accepts)") { text in
            var elements: [Element] = []
            for part in text.split(separator: ",") {
                guard let element = form.parse(part.trimmed) else { return nil }
                elements.append(element)
            }
            return elements
        } text: { value in
            value.map(form.text).joined(separator: ",")
        }
    }
}

extension SettingForm where Value: CaseIterable & RawRepresentable<String> {
    /// One word out of the cases of an enumeration.
    package static var choice: SettingForm {
        let words = Value.allCases.map(\.rawValue)
        return SettingForm(words.joined(separator: " or ")) {
            Value(rawValue: $0)
        } text: {
            $0.rawValue
        }
    }
}

extension SettingForm where Value == Secret {
    /// A password or key on one line.
    package static var secret: SettingForm {
        SettingForm("text on one line, not empty", isSecret: true) { text in
            text.isEmpty || text.hasControlCharacters ? nil : Secret(text)
        } text: {
            "\($0)"
        }
    }
}

extension StringProtocol {
    /// The text without the spaces and tabs around it.
    var trimmed: String {
        var characters = Substring(self)
        while let first = characters.first, first == " " || first == "\t" { characters.removeFirst() }
        while let last = characters.last, last == " " || last == "\t" || last == "\r" { characters.removeLast() }
        return String(characters)
    }

    /// Whether a character stands in the text that no single line of a file may hold.
    var hasControlCharacters: Bool {
        unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7f }
    }
}
