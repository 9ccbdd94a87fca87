// SPDX-License-Identifier: Apache-2.0
import OCI

/// A token as it is handed out.
package struct IssuedToken: Sendable {
    package let token: String
    /// Seconds since 1970.
    package let issuedAt: Int64
    package let expiry: Int64

    /// The answer of the token endpoint: `token`, the same as `access_token` for OAuth clients, the remaining life and
    /// the time of issue.
    ///
    /// - Parameter now: Seconds since 1970.
    func json(now: Int64) -> [UInt8] {
        var writer = JSONWriter(reserving: token.utf8.count * 2 + 128)
        writer.beginObject()
        writer.member("token", token)
        writer.member("access_token", token)
        writer.member("expires_in", max(1, expiry - now))
        writer.member("issued_at", RFC3339.string(microseconds: issuedAt * 1_000_000))
        writer.endObject()
        return writer.bytes
    }
}
