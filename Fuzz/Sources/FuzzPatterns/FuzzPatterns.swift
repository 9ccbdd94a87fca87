// SPDX-License-Identifier: Apache-2.0
import AccessTexts
import Promises

/// Tag patterns against names, side by side: no pattern may turn matching into a long walk. The input is the pattern, a
/// zero byte, the name.
@main
enum FuzzPatterns {
    static func main() {
        runFuzzer { start, count in
            FuzzPatterns.feed(bytes(start, count))
            return 0
        }
    }

    private static func feed(_ bytes: [UInt8]) {
        let parts = twoParts(bytes)
        let text = String(decoding: parts.first, as: UTF8.self)
        let name = String(decoding: parts.second ?? [], as: UTF8.self)
        guard let pattern = try? TagPattern(text) else { return }
        let matches = pattern.matches(name)
        promise(pattern.matches(name) == matches, "an answer does not change")
        if text.utf8.allSatisfy({ !special.contains($0) }) {
            promise(matches == text.utf8.elementsEqual(name.utf8), "plain text matches only itself")
        }
        // Commas and braces mean something else once they stand inside braces.
        guard !text.utf8.contains(where: braces.contains) else { return }
        guard let inBraces = try? TagPattern("{\(text),\(text)}") else { return }
        promise(inBraces.matches(name) == matches, "either of two equal patterns is that pattern")
    }

    private static let braces = Array("{},".utf8)
    private static let special = Array(#"*?[]{},\"#.utf8)
}
