// SPDX-License-Identifier: Apache-2.0

/// What the nodes of a cluster remember together for a while.
///
/// No call fails and none waits long: whatever is wrong looks like a cache that is empty. So every use must be right with
/// no answer, with an old answer and, unless a ``SealedCache`` stands before it, with a wrong one.
///
/// What a driver promises is ``SharedCacheContract`` in `TestKit`.
package protocol SharedCache: Sendable {
    /// The values for keys, in the order of the keys; nil for each that is not there, was not found in time, or is too old.
    func values(for keys: [String]) async -> [[UInt8]?]

    /// Keeps values in place of what was there, each for its life.
    ///
    /// - Returns: Whether all are kept. false does not mean that none is.
    @discardableResult
    func store(_ entries: [SharedEntry]) async -> Bool

    /// The same without waiting, and perhaps without effect.
    func offer(_ entries: [SharedEntry])

    /// Forgets values. Keys that are not there are no fault.
    ///
    /// - Returns: Whether they are surely gone.
    @discardableResult
    func remove(_ keys: [String]) async -> Bool
}

/// One value to be kept.
package struct SharedEntry: Sendable, Hashable {
    package let key: String
    package let value: [UInt8]
    /// How long it may be found.
    package let life: Duration

    package init(_ key: String, _ value: [UInt8], life: Duration) {
        self.key = key
        self.value = value
        self.life = life
    }

    /// The longest key, in bytes.
    package static let longestKey = 512
    /// The largest value, in bytes.
    package static let largestValue = 1 << 20

    /// Whether a cache takes it. What is larger, or would be gone at once, is not kept.
    var isAcceptable: Bool {
        (1...Self.longestKey).contains(key.utf8.count) && value.count <= Self.largestValue && life > .zero
    }
}

extension SharedCache {
    /// The value for one key.
    package func value(for key: String) async -> [UInt8]? {
        await values(for: [key]).first ?? nil
    }
}
