// SPDX-License-Identifier: Apache-2.0
import Crypto
import FoundationEssentials
import Synchronization

/// A shared cache whose holder learns nothing from it and can put nothing into it.
///
/// Names are keyed hashes, values are encrypted and bound to their names (AES-GCM). Whoever can read the cache below sees
/// neither what is asked nor what is kept; whoever can write there can make values vanish or bring back an old value of the
/// same name, and nothing else. So a use that states in the value how long it is good must trust nobody but the key.
package final class SealedCache: SharedCache {
    private let cache: any SharedCache
    private let key: SymmetricKey
    private let hits = Atomic<Int>(0)
    private let misses = Atomic<Int>(0)

    /// - Parameter key: 32 secret bytes, the same on all nodes.
    package init(_ cache: any SharedCache, key: [UInt8]) {
        self.cache = cache
        self.key = SymmetricKey(data: key)
    }

    /// Keys that were asked for, and how many of them helped.
    package var statistics: CacheStatistics {
        CacheStatistics(hits: hits.load(ordering: .relaxed), misses: misses.load(ordering: .relaxed))
    }

    package func values(for keys: [String]) async -> [[UInt8]?] {
        let sealed = await cache.values(for: keys.map(name))
        let values = zip(keys, sealed).map { key, sealed in sealed.flatMap { open($0, for: key) } }
        let found = values.count { $0 != nil }
        hits.add(found, ordering: .relaxed)
        misses.add(values.count - found, ordering: .relaxed)
        return values
    }

    @discardableResult
    package func store(_ entries: [SharedEntry]) async -> Bool {
        let sealed = entries.compactMap(seal)
        return await cache.store(sealed) && sealed.count == entries.count
    }

    package func offer(_ entries: [SharedEntry]) {
        cache.offer(entries.compactMap(seal))
    }

    @discardableResult
    package func remove(_ keys: [String]) async -> Bool {
        await cache.remove(keys.map(name))
    }
}

extension SealedCache {
    /// The bytes that sealing adds: nonce and tag.
    private static let overhead = 28

    private func name(_ key: String) -> String {
        let code = HMAC<SHA256>.authenticationCode(for: Data("name\0\(key)".utf8), using: self.key)
        return Data(code).base64EncodedString()
    }

    /// A key for each name: random nonces of one key must not be used more than some four thousand million times.
    private func key(for key: String) -> SymmetricKey {
        SymmetricKey(data: HMAC<SHA256>.authenticationCode(for: Data("value\0\(key)".utf8), using: self.key))
    }

    /// nil for what no cache takes.
    private func seal(_ entry: SharedEntry) -> SharedEntry? {
        guard entry.isAcceptable, entry.value.count <= SharedEntry.largestValue - Self.overhead,
            let sealed = try? AES.GCM.seal(entry.value, using: key(for: entry.key)).combined
        else { return nil }
        return SharedEntry(name(entry.key), Array(sealed), life: entry.life)
    }

    private func open(_ sealed: [UInt8], for key: String) -> [UInt8]? {
        guard let box = try? AES.GCM.SealedBox(combined: sealed),
            let value = try? AES.GCM.open(box, using: self.key(for: key))
        else { return nil }
        return Array(value)
    }
}
