// SPDX-License-Identifier: Apache-2.0

import BlobStorage
import Foundation
import TestKit

/// Runs the `blob-peer` program, which is built beside the tests, on a store.
struct BlobPeer {
    let root: String
    var environment: [String: String?] = [:]

    /// A line that the peer printed: a blob is stored, or it is not.
    enum Line: Equatable {
        case stored(name: String, BlobLocation)
        case failed(name: String, error: String)
    }

    static var executable: String {
        let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return (tests as NSString).deletingLastPathComponent + "/blob-peer"
    }

    /// - Parameters:
    ///   - blobs: Each `name=size` or `name=size+size` for a blob of several parts.
    ///   - wrapper: A program that starts the peer, such as strace, with its arguments.
    func run(_ blobs: [String], under wrapper: [String] = []) async throws -> (lines: [Line], status: Int) {
        let command = wrapper + [Self.executable, root] + blobs
        let result = try await Tool(command[0], environment: environment).run(Array(command.dropFirst()))
        return (result.output.split(separator: "\n").compactMap(Self.parse), result.status)
    }

    private static func parse(_ line: Substring) -> Line? {
        let words = line.split(separator: " ", maxSplits: 2)
        guard words.count == 3 else { return nil }
        switch words[0] {
        case "ok": return .stored(name: String(words[1]), BlobLocation(rawValue: String(words[2])))
        case "error": return .failed(name: String(words[1]), error: String(words[2]))
        default: return nil
        }
    }

    /// The bytes of a blob, which follow from its name.
    static func bytes(of name: String, count: Int) -> [UInt8] {
        let word = Array(name.utf8)
        let block = (0..<65_521).map { word[$0 % word.count] &+ UInt8(truncatingIfNeeded: $0 / word.count) }
        var bytes: [UInt8] = []
        while bytes.count < count { bytes += block.prefix(count - bytes.count) }
        return bytes
    }
}

extension [BlobPeer.Line] {
    var stored: [String: BlobLocation] {
        reduce(into: [:]) { if case .stored(let name, let location) = $1 { $0[name] = location } }
    }

    var failed: [String: String] {
        reduce(into: [:]) { if case .failed(let name, let error) = $1 { $0[name] = error } }
    }
}
