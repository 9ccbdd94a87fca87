// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// The reference pages say what the tests prove, no more and no less.
@Suite("documents") struct DocumentTests {
    @Test("every test that the conformance page names exists, and every conformance test is named")
    func conformance() throws {
        let page = try text("docs/reference/conformance.md")
        let named = Set(
            page.split(separator: "\n").filter { $0.hasPrefix("| ") }
                .compactMap { $0.firstMatch(of: #/`([^`]+)` \|$/#).map { String($0.1) } })
        let existing = try names(in: "Conformance") + names(in: "BadInput")
        #expect(existing.count > 80)
        #expect(named.subtracting(existing) == [])
        #expect(Set(existing).subtracting(named) == [])
    }

    @Test("every test that the page of promises names exists")
    func promises() throws {
        let page = try text("docs/reference/promises.md")
        let named = page.split(separator: "\n").filter { $0.hasPrefix("| ") }
            .compactMap { $0.firstMatch(of: #/`([^`]+)` \|$/#).map { String($0.1) } }
        #expect(named.count > 60)
        let folders = try FileManager.default.subpathsOfDirectory(atPath: "\(package)/Tests")
        let sources = try folders.filter { $0.hasSuffix("Tests.swift") }
            .map { try String(contentsOfFile: "\(package)/Tests/\($0)", encoding: .utf8) }
        let existing = Set(
            sources.flatMap { $0.matches(of: #/@Test\(\s*"([^"]+)"/#).map { String($0.1) } })
        #expect(Set(named).subtracting(existing) == [])
    }

    @Test("every mark of the clients page is a test, and every client test is a mark")
    func clients() throws {
        let rows = try text("docs/reference/clients.md").split(separator: "\n").filter { $0.hasPrefix("| ") }
            .map { $0.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast().map(trimmed) }
        let operations = try #require(rows.first).dropFirst()
        var marked: Set<String> = []
        for row in rows.dropFirst(2) {
            for (operation, cell) in zip(operations, row.dropFirst()) where cell == "✓" {
                marked.insert("\(row[0]) · \(operation)")
            }
        }
        let existing = Set(try names(in: "Clients").filter { $0.contains(" · ") })
        #expect(existing.count > 40)
        #expect(marked.subtracting(existing) == [])
        #expect(existing.subtracting(marked) == [])
    }

    /// The names of the tests in one folder, as their sources declare them.
    private func names(in folder: String) throws -> [String] {
        let path = "\(package)/Tests/SystemTests/\(folder)"
        return try FileManager.default.contentsOfDirectory(atPath: path).sorted().flatMap { file in
            try String(contentsOfFile: "\(path)/\(file)", encoding: .utf8)
                .matches(of: #/@Test\(\s*"([^"]+)"/#).map { String($0.1) }
        }
    }

    private func text(_ path: String) throws -> String {
        try String(contentsOfFile: "\(package)/\(path)", encoding: .utf8)
    }

    private func trimmed(_ cell: Substring) -> String { cell.trimmingCharacters(in: .whitespaces) }

    private var package: String { #filePath.components(separatedBy: "/Tests/SystemTests/")[0] }
}
