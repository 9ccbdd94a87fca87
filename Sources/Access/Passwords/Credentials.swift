// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials

/// What the header `Authorization` carries.
enum Credentials: Sendable {
    /// RFC 7617. The payload is the text as it was sent, still encoded.
    case basic(payload: Substring)
    /// RFC 6750.
    case bearer(Substring)

    /// nil when the header is none of the two.
    init?(_ header: String) {
        guard let space = header.utf8.firstIndex(of: UInt8(ascii: " ")) else { return nil }
        let scheme = header[..<space]
        let rest = header[header.index(after: space)...]
        let value = rest.drop { $0 == " " }
        guard !value.isEmpty else { return nil }
        if Self.equals(scheme, "bearer") {
            self = .bearer(value)
        } else if Self.equals(scheme, "basic") {
            self = .basic(payload: value)
        } else {
            return nil
        }
    }

    private static func equals(_ scheme: Substring, _ word: String) -> Bool {
        scheme.utf8.count == word.utf8.count && zip(scheme.utf8, word.utf8).allSatisfy { $0 | 0x20 == $1 }
    }
}

/// A name and a password.
struct NameAndPassword: Sendable {
    let name: String
    let password: String

    /// Reads the payload of a Basic header; nil when it is none, or longer than any account could need.
    init?(payload: Substring) {
        guard payload.utf8.count <= 4096, let bytes = Data(base64Encoded: String(payload)),
            let text = String(validating: bytes, as: UTF8.self), let colon = text.utf8.firstIndex(of: UInt8(ascii: ":"))
        else { return nil }
        name = String(text[..<colon])
        password = String(text[text.index(after: colon)...])
        guard !name.isEmpty, name.utf8.count <= 1024 else { return nil }
    }
}
