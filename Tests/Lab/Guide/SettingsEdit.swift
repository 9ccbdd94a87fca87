// SPDX-License-Identifier: Apache-2.0

/// Changes keys in a settings file as a person does in an editor.
enum SettingsEdit {
    /// Writes each of the lines `key = value` over the line with that key, commented out or not, else at the end.
    static func apply(_ changes: String, to text: String) -> String {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        // What is added belongs before the end of the last line, which the text has as its end.
        if lines.last == "" { lines.removeLast() }
        for change in changes.split(separator: "\n") where !change.hasPrefix("#") {
            let key = change.prefix { $0 != "=" && $0 != " " }
            func names(_ line: String) -> Bool {
                let words = line.drop { "#; ".contains($0) }
                return words.hasPrefix(key) && words.dropFirst(key.count).drop { $0 == " " }.hasPrefix("=")
            }
            let place = lines.firstIndex { !$0.hasPrefix("#") && names($0) } ?? lines.firstIndex(where: names)
            if let place { lines[place] = String(change) } else { lines.append(String(change)) }
        }
        return lines.map { $0 + "\n" }.joined()
    }
}
