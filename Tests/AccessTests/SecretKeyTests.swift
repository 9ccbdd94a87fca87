// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import Access

@Suite("The secret key")
struct SecretKeyTests {
    private func inFolder(_ body: (String) async throws -> Void) async throws {
        let folder = NSTemporaryDirectory() + "/haven-secret-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(folder)
    }

    @Test("the file is made once, for its owner only, and read from then on")
    func madeOnce() async throws {
        try await inFolder { folder in
            let first = try SecretKey.load(folder: folder)
            let sealed = try first.seal([1, 2, 3], label: "x")
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder)/secretkey")
            #expect((attributes[.posixPermissions] as? Int) == 0o600)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["secretkey"])
            #expect(try SecretKey.load(folder: folder).open(sealed, label: "x") == [1, 2, 3])
            #expect(throws: (any Error).self) { try SecretKey.ephemeral().open(sealed, label: "x") }
            #expect(throws: (any Error).self) { try first.open(sealed, label: "y") }
        }
    }

    @Test("of many that start together all end with the same key")
    func together() async throws {
        try await inFolder { folder in
            let keys = try await withThrowingTaskGroup(of: SecretKey.self) { group in
                for _ in 0..<16 { group.addTask { try SecretKey.load(folder: folder) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let sealed = try keys[0].seal([7], label: "x")
            for key in keys { #expect(try key.open(sealed, label: "x") == [7]) }
        }
    }

    @Test("Harbor's file of 16 characters serves, a shorter or unreadable one does not")
    func existing() async throws {
        try await inFolder { folder in
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let path = "\(folder)/secretkey"
            try Data("0123456789abcdef\n".utf8).write(to: URL(fileURLWithPath: path))
            let withNewline = try SecretKey.load(folder: folder)
            #expect(withNewline.isOpenToOthers)
            try Data("0123456789abcdef".utf8).write(to: URL(fileURLWithPath: path))
            #expect(try SecretKey.load(folder: folder).open(withNewline.seal([1], label: "x"), label: "x") == [1])
            try Data("short".utf8).write(to: URL(fileURLWithPath: path))
            #expect(throws: AccessError.self) { try SecretKey.load(folder: folder) }
            #expect(throws: AccessError.self) { try SecretKey.load(folder: "\(path)/not-a-folder") }
        }
    }
}
