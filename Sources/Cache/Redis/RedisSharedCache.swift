// SPDX-License-Identifier: Apache-2.0

/// A shared cache in a Redis.
package struct RedisSharedCache: SharedCache {
    private let client: RedisClient

    /// Before every key, so that others may use the same database.
    private static let prefix = "haven:"
    /// Keys in one command: the longest reply stays below what a connection reads.
    private static let keysAtOnce = 16

    package init(_ client: RedisClient) {
        self.client = client
    }

    package func values(for keys: [String]) async -> [[UInt8]?] {
        var found: [[UInt8]?] = []
        for start in stride(from: 0, to: keys.count, by: Self.keysAtOnce) {
            let part = keys[start..<min(start + Self.keysAtOnce, keys.count)]
            let reply = await client.call(Self.command("MGET", part))
            guard case .array(let values) = reply, values.count == part.count else {
                found += part.map { _ in nil }
                continue
            }
            found += values.map { if case .bytes(let bytes) = $0 { bytes } else { nil } }
        }
        return found
    }

    package func store(_ entries: [SharedEntry]) async -> Bool {
        for entry in entries where entry.isAcceptable {
            guard await client.call(Self.set(entry))?.isOK == true else { return false }
        }
        return entries.allSatisfy(\.isAcceptable)
    }

    package func offer(_ entries: [SharedEntry]) {
        for entry in entries where entry.isAcceptable { client.offer(Self.set(entry)) }
    }

    package func remove(_ keys: [String]) async -> Bool {
        keys.isEmpty ? true : await client.call(Self.command("DEL", keys[...])) != nil
    }

    private static func command(_ name: String, _ keys: ArraySlice<String>) -> RedisCommand {
        RedisCommand([Array(name.utf8)] + keys.map { Array((prefix + $0).utf8) })
    }

    private static func set(_ entry: SharedEntry) -> RedisCommand {
        let milliseconds = max(1, Int64(entry.life / .milliseconds(1)))
        return RedisCommand(
            [Array("SET".utf8), Array((prefix + entry.key).utf8), entry.value, Array("PX".utf8)]
                + [Array("\(milliseconds)".utf8)])
    }
}
