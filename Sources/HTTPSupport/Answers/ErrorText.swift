// SPDX-License-Identifier: Apache-2.0

/// Writes the JSON of an error answer.
enum ErrorText {
    /// `{"errors":[{"code":…,"message":…}]}`: the form of distribution-spec, "Error Codes", and of Harbor's API alike.
    static func json(code: String, message: String) -> [UInt8] {
        var bytes = Array(#"{"errors":[{"code":""#.utf8)
        append(code, to: &bytes)
        bytes += #"","message":""#.utf8
        append(message, to: &bytes)
        bytes += #""}]}"#.utf8
        return bytes
    }

    private static func append(_ text: String, to bytes: inout [UInt8]) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
            case 0..<0x20: bytes.append(UInt8(ascii: " "))
            default: bytes.append(byte)
            }
        }
    }
}
