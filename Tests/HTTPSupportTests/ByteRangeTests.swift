// SPDX-License-Identifier: Apache-2.0
import HTTPSupport
import Testing

struct ByteRangeTests {
    @Test(
        "a Range header asks for the whole, a part, or nothing that exists",
        arguments: [
            (nil, .whole), ("bytes=0-0", .part(0..<1)), ("bytes=2-5", .part(2..<6)), ("bytes=2-", .part(2..<10)),
            ("bytes=-3", .part(7..<10)), ("bytes=-30", .part(0..<10)), ("bytes=5-99", .part(5..<10)),
            ("BYTES=1-2", .part(1..<3)), ("bytes=1 - 2", .part(1..<3)), ("bytes=10-", .unsatisfiable),
            ("bytes=10-12", .unsatisfiable), ("bytes=-0", .unsatisfiable), ("bytes=0-1,4-5", .whole),
            ("bytes=5-2", .unsatisfiable), ("bytes=-", .whole), ("bytes=a-b", .whole), ("bytes=+1-2", .whole),
            ("lines=0-1", .whole), ("0-1", .whole), ("", .whole),
            ("bytes=0-99999999999999999999", .part(0..<10)), ("bytes=99999999999999999999-", .unsatisfiable),
            ("bytes=0-9223372036854775807", .part(0..<10)), ("bytes=-99999999999999999999", .part(0..<10)),
        ] as [(String?, ByteRange)])
    func reading(_ header: String?, _ expected: ByteRange) {
        #expect(ByteRange(header, size: 10) == expected)
    }

    @Test("nothing of an empty blob can be asked for")
    func empty() {
        #expect(ByteRange(nil, size: 0) == .whole)
        #expect(ByteRange("bytes=0-", size: 0) == .unsatisfiable)
        #expect(ByteRange("bytes=-1", size: 0) == .unsatisfiable)
    }
}
