// SPDX-License-Identifier: Apache-2.0
import Metadata
import OCI

/// What a token says, apart from its signature (RFC 7519, and the distribution project's "Token authentication").
///
/// Beside the common claims there are three of ours, all prefixed: the account's id and version, and in each entry the
/// project's id. Names can come to mean others; ids cannot.
struct TokenClaims: Sendable {
    let subject: KnownUser?
    /// Seconds since 1970, as are the others.
    let issuedAt: Int64
    let expiry: Int64
    let id: String
    let access: [TokenAccess]

    func json(service: String) -> [UInt8] {
        var writer = JSONWriter(reserving: 512 + access.count * 128)
        writer.beginObject()
        writer.member("iss", TokenRules.issuer)
        writer.member("sub", subject?.name ?? "")
        writer.key("aud")
        writer.beginArray()
        writer.string(service)
        writer.endArray()
        writer.member("exp", expiry)
        writer.member("nbf", issuedAt)
        writer.member("iat", issuedAt)
        writer.member("jti", id)
        if let subject {
            writer.member("haven_user", subject.id.rawValue)
            writer.member("haven_version", subject.version)
        }
        writer.key("access")
        writer.beginArray()
        for entry in access { entry.write(&writer) }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }
}

/// One entry of `access`: what was granted of what was asked.
struct TokenAccess: Sendable {
    let type: String
    let resourceClass: String?
    let name: String
    let actions: [String]
    /// The project that the repository lives in, when something is granted on it.
    let project: ProjectID?

    func write(_ writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("type", type)
        if let resourceClass { writer.member("class", resourceClass) }
        writer.member("name", name)
        writer.key("actions")
        writer.beginArray()
        for action in actions { writer.string(action) }
        writer.endArray()
        if let project { writer.member("haven_project", project.rawValue) }
        writer.endObject()
    }
}
