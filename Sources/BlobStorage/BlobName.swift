// SPDX-License-Identifier: Apache-2.0

/// Names for stored objects.
package enum BlobName {
    /// 128 random bits as 32 lower-case hexadecimal digits.
    package static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        return hex(generator.next()) + hex(generator.next())
    }

    private static func hex(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}
