// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing

@Suite("texts")
struct TextTests {
    private static let folders = ["Sources", "Tests", "Benchmarks", "Fuzz", "scripts", "docs", "labs", ".ci"]

    private func files(ending suffix: String) throws -> [PackageTree.Source] {
        try Self.folders.flatMap { try PackageTree.files($0, ending: suffix) }
    }

    @Test("of programs begin with the licence")
    func licence() throws {
        for source in try files(ending: ".swift") {
            // A manifest's first line names its tools version.
            let place = source.lines.first?.hasPrefix("// swift-tools-version:") == true ? 1 : 0
            #expect(source.lines[place] == "// SPDX-License-Identifier: Apache-2.0", "\(source.path)")
        }
        for source in try files(ending: ".sh") {
            #expect(source.lines.prefix(2).contains("# SPDX-License-Identifier: Apache-2.0"), "\(source.path)")
        }
    }

    @Test("of decisions are numbered from 1 without gaps and have the same parts")
    func decisions() throws {
        let pages = try PackageTree.files("docs/decisions", ending: ".md").filter { !$0.path.hasSuffix("/README.md") }
        let numbers = pages.compactMap { $0.path.split(separator: "/").last.flatMap { Int($0.prefix(4)) } }
        #expect(numbers == Array(1...pages.count))
        for page in pages {
            for part in ["## Context", "## Choice", "## Consequences", "## Rejected"] {
                #expect(page.lines.contains(Substring(part)), "\(page.path) has no part \(part)")
            }
        }
    }

    @Test("of the guide hold the same commands and files in both languages")
    func guide() throws {
        let pages = try PackageTree.files("docs/guides", ending: ".md").filter { $0.path.contains("/ha-install.") }
        let blocks = pages.map { page in page.text.components(separatedBy: "\n```").dropFirst() }
        #expect(pages.count == 2)
        // What stands between two fences, at every second place.
        let commands = blocks.map { block in block.enumerated().filter { $0.offset.isMultiple(of: 2) }.map(\.element) }
        #expect(commands.first == commands.last && commands.first?.isEmpty == false)
    }

    /// Joined from halves, so that this file does not hold them.
    private static let forbidden = [
        ["TO", "DO:"], ["FIX", "ME"], ["X", "XX"], ["fatal", "Error()"], ["try", "! "], ["as", "! "],
        ["-Oun", "checked"],
    ].map { $0.joined() }

    @Test("of programs hold none of the forbidden words")
    func forbiddenWords() throws {
        for source in try PackageTree.files("Sources", ending: ".swift") {
            for word in Self.forbidden {
                let lines = source.lines.enumerated().filter { $0.element.contains(word) && !isReasoned($0.element) }
                #expect(lines.isEmpty, "\(source.path): '\(word)' in lines \(lines.map { $0.offset + 1 })")
            }
        }
    }

    /// A fact in the same line's comment excuses a trap.
    private func isReasoned(_ line: Substring) -> Bool {
        line.contains(" // ")
    }

    @Test("speak of the project alone, not of the machine they were written on")
    func noMachinePaths() throws {
        let paths = [["/wo", "rk/"], ["/ro", "ot/"]].map { $0.joined() }
        for suffix in [".swift", ".md", ".sh", ".cfg", ".txt"] {
            for source in try files(ending: suffix) + (suffix == ".md" ? try topLevelPages() : []) {
                let found = paths.filter(source.text.contains)
                #expect(found.isEmpty, "\(source.path): \(found)")
            }
        }
    }

    private func topLevelPages() throws -> [PackageTree.Source] {
        try ["README.md", "README.zh.md", "CHANGELOG.md", "CONTRIBUTING.md"].map { name in
            PackageTree.Source(
                path: name, text: try String(contentsOf: PackageTree.root.appending(path: name), encoding: .utf8))
        }
    }

    @Test("that a newcomer needs are there")
    func pages() {
        for page in [
            "README.md", "README.zh.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", "Makefile", ".ci/run",
            "docs/architecture.md", "docs/reference/settings.md", "docs/examples/haven.cfg",
        ] {
            let path = PackageTree.root.appending(path: page).path
            #expect(FileManager.default.fileExists(atPath: path), "\(page) is missing")
        }
    }

    @Test("about the architecture name files and functions that are there")
    func architecture() throws {
        let page = try String(
            contentsOf: PackageTree.root.appending(path: "docs/architecture.md"), encoding: .utf8)
        let rows = page.split(separator: "\n").filter { $0.hasPrefix("| ") && $0.contains("](../Sources/") }
        #expect(rows.count > 20)
        for row in rows {
            let cells = row.split(separator: "|").map { $0.filter { $0 != "`" } }
            let path = cells[1].drop { $0 != "(" }.dropFirst("(../".count).prefix { $0 != ")" }
            let function = cells[2].filter { $0 != " " }
            let text = try String(contentsOf: PackageTree.root.appending(path: String(path)), encoding: .utf8)
            let isThere = ["func \(function)(", "func \(function)<"].contains(where: text.contains)
            #expect(isThere || function == "init" && text.contains("init("), "\(path) has no \(function)")
        }
    }
}
