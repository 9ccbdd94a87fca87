// SPDX-License-Identifier: Apache-2.0

/// Random numbers that follow from a seed, so that a run can be repeated. SplitMix64.
package struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// Another, independent generator.
    package mutating func split() -> SeededGenerator { SeededGenerator(seed: next()) }

    /// Bytes of a blob.
    package mutating func bytes(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        bytes.withUnsafeMutableBytes { space in
            for offset in stride(from: 0, to: count, by: 8) {
                withUnsafeBytes(of: next()) { word in
                    let length = min(8, count - offset)
                    UnsafeMutableRawBufferPointer(rebasing: space[offset..<offset + length])
                        .copyMemory(from: UnsafeRawBufferPointer(rebasing: word[..<length]))
                }
            }
        }
        return bytes
    }
}
