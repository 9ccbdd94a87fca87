// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// The package as its files show it: rooms in their order, what each declares, and what its sources import.
struct PackageTree: Sendable {
    /// A source file, with its path from the top of the package.
    struct Source: Sendable {
        let path: String
        let text: String

        var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }

        /// The modules that the file imports, whatever the access level and whether a whole module or one declaration.
        var imports: [String] {
            lines.compactMap { line in
                let words = line.split(separator: " ").drop {
                    ["package", "public", "internal", "private"].contains($0)
                }
                .drop { $0.hasPrefix("@") }
                guard words.first == "import", let last = words.last else { return nil }
                return String(last.prefix { $0 != "." })
            }
        }
    }

    /// A room: a target of `Package.swift` with sources of its own.
    struct Room: Sendable {
        let name: String
        /// The names of rooms and products it declares.
        let dependencies: [String]
        let sources: [Source]
    }

    /// The folder of the package.
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The rooms in the order of `Package.swift`, the executable last.
    let rooms: [Room]

    init() throws {
        let manifest = try String(contentsOf: Self.root.appending(path: "Package.swift"), encoding: .utf8)
        let products = Self.products(in: manifest)
        rooms = try Self.declarations(in: manifest).map { name, dependencies in
            Room(
                name: name, dependencies: dependencies.map { products[$0] ?? $0 },
                sources: try Self.files("Sources/\(name)", ending: ".swift"))
        }
    }

    /// The files of a folder and its folders, sorted by path. Build products and checkouts are left out.
    static func files(_ folder: String, ending suffix: String) throws -> [Source] {
        let paths = try? FileManager.default.subpathsOfDirectory(atPath: root.appending(path: folder).path)
        let names = (paths ?? [])
            .filter { $0.hasSuffix(suffix) && !$0.split(separator: "/").contains { $0.hasPrefix(".") } }
        return try names.sorted().map { name in
            let path = folder.isEmpty ? name : "\(folder)/\(name)"
            return Source(path: path, text: try String(contentsOf: root.appending(path: path), encoding: .utf8))
        }
    }
}

extension PackageTree {
    /// `let nioCore = Target.Dependency.product(name: "NIOCore", …)` → `nioCore: NIOCore`.
    private static func products(in manifest: String) -> [String: String] {
        var products: [String: String] = [:]
        for line in manifest.split(separator: "\n") where line.contains("Target.Dependency.product(name:") {
            let variable = line.split(separator: " ").dropFirst().first.map(String.init)
            if let variable, let product = quoted(in: line).first { products[variable] = product }
        }
        return products
    }

    /// Every `.room(…)`, system library and executable with the words of its dependency list, in order.
    private static func declarations(in manifest: String) -> [(String, [String])] {
        var found: [(String, [String])] = []
        let list = manifest.components(after: "targets: [\n")
        for block in "\n\(list)".split(separator: "\n        .") {
            let isRoom = ["room(", "systemLibrary(", "executableTarget("].contains { block.hasPrefix($0) }
            guard isRoom, let name = quoted(in: block).first else { continue }
            if block.contains("path: \"Tests/") { continue }
            let open = block.firstIndex(of: "[") ?? block.endIndex
            let close = block[open...].firstIndex(of: "]") ?? block.endIndex
            let words = block[open..<close].dropFirst().split { ",\n ".contains($0) }
            found.append((name, words.map { $0.filter { $0 != "\"" } }))
        }
        return found
    }

    private static func quoted(in text: Substring) -> [String] {
        text.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
            .filter { $0.offset % 2 == 1 }.map { String($0.element) }
    }
}

extension String {
    fileprivate func components(after marker: String) -> Substring {
        var rest = Substring(self)
        while !rest.isEmpty, !rest.hasPrefix(marker) { rest.removeFirst() }
        return rest.dropFirst(marker.count)
    }
}
