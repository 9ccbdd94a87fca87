// SPDX-License-Identifier: Apache-2.0

import HavenServer
import Testing

@Suite("the settings file reads as Python's ConfigParser reads harbor.cfg")
struct ConfigFileTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let title: String
        let text: String
        let pairs: [String]
        var testDescription: String { title }
    }

    static let cases = [
        Case(title: "spaces around the sign", text: "a = 1\nb=2\n c\n", pairs: ["a→1", "b→2\nc"]),
        Case(title: "a colon works too", text: "a: 1\nb : http://x", pairs: ["a→1", "b→http://x"]),
        Case(title: "the first sign divides", text: "a = b = c: d", pairs: ["a→b = c: d"]),
        Case(title: "comments and empty lines", text: "# x\n; y\n\n  # z\na = 1", pairs: ["a→1"]),
        Case(
            title: "a comment after a value", text: "a = 1 ; note\nb = 1;2\nc = 1 # 2",
            pairs: ["a→1", "b→1;2", "c→1 # 2"]),
        Case(title: "keys in any case", text: "HTTP_Port = 1", pairs: ["http_port→1"]),
        Case(title: "an empty value", text: "a =\nb = \"\"\nc = \"x\"", pairs: ["a→", "b→", "c→\"x\""]),
        Case(title: "continued lines", text: "a =\n  k: v,\n  l: w\nb = 1", pairs: ["a→k: v,\nl: w", "b→1"]),
        Case(title: "Windows lines and a byte order mark", text: "\u{feff}a = 1\r\nb = 2\r\n", pairs: ["a→1", "b→2"]),
    ]

    @Test("an accepted form", arguments: cases)
    func reads(_ form: Case) {
        let file = ConfigFile(parsing: form.text.utf8)
        #expect(file.entries.map { "\($0.key)→\($0.value)" } == form.pairs)
        #expect(file.faults.isEmpty)
    }

    @Test(
        "a line outside the syntax is a fault with its number",
        arguments: [
            ("a = 1\nnonsense", 2), ("= 1", 1), ("\r= 1", 1), ("  indented = 1", 1), ("[section]\na = 1", 1),
            ("a = \u{0}", 1),
        ])
    func faults(_ text: String, _ line: Int) {
        #expect(ConfigFile(parsing: text.utf8).faults.map(\.line) == [line])
    }

    @Test("bytes that are no text, and a file without end, are faults")
    func notText() {
        #expect(ConfigFile(parsing: [0x61, 0x3d, 0xff, 0xfe]).faults.count == 1)
        #expect(
            ConfigFile(parsing: Array(repeating: UInt8(ascii: "#"), count: ConfigFile.byteLimit + 1)).faults.count == 1)
    }
}
