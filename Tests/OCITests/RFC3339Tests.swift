// SPDX-License-Identifier: Apache-2.0
import OCI
import Testing

@Suite("RFC3339")
struct RFC3339Tests {
    static let moments: [(Int64, String)] = [
        (0, "1970-01-01T00:00:00Z"), (1, "1970-01-01T00:00:00.000001Z"), (-1, "1969-12-31T23:59:59.999999Z"),
        (1_767_323_045_678_000, "2026-01-02T03:04:05.678Z"), (951_782_400_000_000, "2000-02-29T00:00:00Z"),
        (951_868_800_000_000, "2000-03-01T00:00:00Z"), (4_107_542_400_000_000, "2100-03-01T00:00:00Z"),
        (4_107_456_000_000_000, "2100-02-28T00:00:00Z"), (1_709_251_199_500_000, "2024-02-29T23:59:59.5Z"),
        (-62_167_219_200_000_000, "0000-01-01T00:00:00Z"), (253_402_300_799_999_999, "9999-12-31T23:59:59.999999Z"),
    ]

    @Test("known moments are written and read", arguments: moments)
    func known(_ microseconds: Int64, _ text: String) {
        #expect(RFC3339.string(microseconds: microseconds) == text)
        #expect(RFC3339.microseconds(text) == microseconds)
    }

    @Test("every moment reads as it was written")
    func roundTrip() {
        var random = SeededRandom(seed: 7)
        for _ in 0..<20_000 {
            let moment = Int64.random(in: -62_167_219_200_000_000...253_402_300_799_999_999, using: &random)
            #expect(RFC3339.microseconds(RFC3339.string(microseconds: moment)) == moment)
        }
    }

    @Test("moments outside the calendar of the format are written as its ends")
    func clamped() {
        #expect(RFC3339.string(microseconds: .min) == "0000-01-01T00:00:00Z")
        #expect(RFC3339.string(microseconds: .max) == "9999-12-31T23:59:59.999999Z")
    }

    @Test(
        "other spellings of a moment are read",
        arguments: [
            ("1970-01-01T01:00:00+01:00", 0), ("1969-12-31T19:30:00-04:30", 0), ("1970-01-01t00:00:00z", 0),
            ("1970-01-01T00:00:00.1234567891Z", 123_456), ("1970-01-01T00:00:00.0000000Z", 0),
            ("2016-12-31T23:59:60Z", 1_483_228_800_000_000),
        ] as [(String, Int64)])
    func spellings(_ text: String, _ microseconds: Int64) { #expect(RFC3339.microseconds(text) == microseconds) }

    @Test(
        "what is not RFC 3339 is refused",
        arguments: [
            "", "1970-01-01", "1970-01-01T00:00:00", "1970-01-01 00:00:00Z", "1970-1-01T00:00:00Z",
            "1970-01-01T24:00:00Z",
            "1970-13-01T00:00:00Z", "1970-00-01T00:00:00Z", "1970-02-29T00:00:00Z", "1900-02-29T00:00:00Z",
            "1970-01-01T00:60:00Z", "1970-01-01T00:00:61Z", "1970-01-01T00:00:60Z", "1970-01-01T00:00:00.Z",
            "1970-01-01T00:00:00+1:00", "1970-01-01T00:00:00+24:00", "1970-01-01T00:00:00ZZ", "+970-01-01T00:00:00Z",
            "1970-04-31T00:00:00Z", "1970-01-01T00:00:00+0100", "１970-01-01T00:00:00Z",
        ])
    func refused(_ text: String) { #expect(RFC3339.microseconds(text) == nil) }
}
