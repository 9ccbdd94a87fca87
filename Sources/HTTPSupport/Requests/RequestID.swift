// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Makes the ids by which requests are found in logs, and judges those that clients bring.
package final class RequestIDs: Sendable {
    private let process = UInt64.random(in: .min ... .max)
    private let counter = Atomic<UInt64>(0)

    package init() {}

    /// A new id, 24 hexadecimal digits: unlike any other of this process, and of others by chance of 2^-64.
    package func next() -> String {
        let number = counter.add(1, ordering: .relaxed).newValue
        return String(unsafeUninitializedCapacity: 24) { buffer in
            Self.writeHex(process, into: UnsafeMutableBufferPointer(rebasing: buffer[0..<16]))
            Self.writeHex(number, into: UnsafeMutableBufferPointer(rebasing: buffer[16..<24]))
            return 24
        }
    }

    /// A client's `X-Request-Id` when it may stand in a log as it is: 1 to 64 letters, digits, `.`, `_`, `-`.
    package static func accepted(_ header: String?) -> String? {
        guard let header, (1...64).contains(header.utf8.count), header.utf8.allSatisfy(isPlain) else { return nil }
        return header
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// Writes the lowest digits of a number, most significant first.
    private static func writeHex(_ number: UInt64, into buffer: UnsafeMutableBufferPointer<UInt8>) {
        var rest = number
        for index in buffer.indices.reversed() {
            let digit = UInt8(rest & 15)
            buffer[index] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
            rest >>= 4
        }
    }
}
