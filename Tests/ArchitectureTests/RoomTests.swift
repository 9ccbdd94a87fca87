// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing

@Suite("rooms")
struct RoomTests {
    let tree: PackageTree

    init() throws {
        tree = try PackageTree()
    }

    /// The design's order. A new room gets its place here and in `Package.swift`.
    static let order = [
        "CLinux", "CHiredis", "CPostgreSQL", "CMariaDB", "CExpat", "OCI", "SQLStorage", "Cache", "BlobStorage",
        "CloudStorage", "Metadata", "Events", "Access", "Registry", "Lifecycle", "Cluster", "HTTPSupport",
        "RegistryAPI", "HarborAPI", "HavenServer", "Installer", "haven",
    ]

    @Test("stand in Package.swift in the order of the design")
    func orderIsKept() {
        #expect(tree.rooms.map(\.name) == Self.order)
    }

    @Test("declare only rooms that stand before them")
    func dependOnEarlierRooms() {
        for (place, room) in tree.rooms.enumerated() {
            let later = Set(tree.rooms.dropFirst(place).map(\.name))
            #expect(later.isDisjoint(with: room.dependencies), "\(room.name) reaches upwards")
        }
    }

    @Test("import only what they declare, and what the toolchain has")
    func importsAreDeclared() {
        for room in tree.rooms {
            for source in room.sources {
                let foreign = Set(source.imports).subtracting(room.dependencies).subtracting(Self.toolchain)
                #expect(foreign.isEmpty, "\(source.path) imports \(foreign.sorted()) without declaring it")
            }
        }
    }

    @Test("declare nothing that they do not import")
    func declarationsAreUsed() {
        for room in tree.rooms where !room.sources.isEmpty {
            let unused = Set(room.dependencies).subtracting(room.sources.flatMap(\.imports))
            #expect(unused.isEmpty, "\(room.name) does not need \(unused.sorted())")
        }
    }

    private static let toolchain: Set = [
        "Swift", "Glibc", "Foundation", "FoundationEssentials", "Dispatch", "Synchronization",
    ]

    @Test("have no declaration open to other packages")
    func nothingIsPublic() {
        for source in tree.rooms.flatMap(\.sources) {
            let open = source.lines.filter { line in
                let words = line.split(separator: " ")
                return words.first == "public" || words.first == "open"
            }
            #expect(open.isEmpty, "\(source.path): \(open)")
        }
    }

    @Test("speak SQL only in Metadata and SQLStorage")
    func sqlStaysInItsRooms() {
        let statements = [
            "SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ", "CREATE TABLE ", "ALTER TABLE ", "PRAGMA ",
        ]
        for room in tree.rooms where !["Metadata", "SQLStorage"].contains(room.name) {
            for source in room.sources {
                let found = source.lines.filter { line in
                    let code = line.split(separator: "//", maxSplits: 1, omittingEmptySubsequences: false)[0]
                    return code.contains("\"") && statements.contains { code.contains("\"\($0)") }
                }
                #expect(found.isEmpty, "\(source.path): \(found)")
            }
        }
    }

    @Test("below HTTPSupport know nothing of HTTP frameworks")
    func domainDoesNotSeeHTTP() throws {
        let first = try #require(tree.rooms.firstIndex { $0.name == "HTTPSupport" })
        let frameworks: Set = [
            "Hummingbird", "HummingbirdCore", "HummingbirdTLS", "HummingbirdHTTP2", "HTTPTypes", "NIOHTTP1",
        ]
        // CloudStorage is a client of others' servers, and its HTTP client's headers are NIO's.
        for source in tree.rooms[..<first].filter({ $0.name != "CloudStorage" }).flatMap(\.sources) {
            #expect(frameworks.isDisjoint(with: source.imports), "\(source.path)")
        }
    }

    @Test("have no mock and no test tool in them")
    func noTestTools() {
        for source in tree.rooms.flatMap(\.sources) {
            #expect(!source.imports.contains { ["Testing", "XCTest", "TestKit"].contains($0) }, "\(source.path)")
        }
    }

    @Test("have a page that says what they are for")
    func haveAPage() {
        let withoutPage = ["CLinux", "CHiredis", "CPostgreSQL", "CMariaDB", "CExpat", "haven"]
        for room in tree.rooms where !withoutPage.contains(room.name) {
            let page = "Sources/\(room.name)/\(room.name).docc/\(room.name).md"
            let text = try? String(contentsOf: PackageTree.root.appending(path: page), encoding: .utf8)
            let title = text?.split(separator: "\n").first?.filter { $0 != "`" }
            #expect(title == "# \(room.name)", "\(page) is missing or does not begin with the room's name")
        }
    }

    @Test("have no placeholder")
    func noPlaceholders() {
        for source in tree.rooms.flatMap(\.sources) {
            #expect(!source.path.hasSuffix("/Placeholder.swift"), "\(source.path)")
        }
    }
}
