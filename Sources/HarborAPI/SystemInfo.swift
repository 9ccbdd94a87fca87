// SPDX-License-Identifier: Apache-2.0

import OCI

/// What a server tells of itself, as Harbor's `GeneralInfo`.
package struct SystemInfo: Sendable, Hashable {
    /// The host, with its port where it is not the usual one, by which images are named; nil when only clients know it.
    package let registry: String?
    /// The protocol that clients use.
    package let scheme: String
    package let version: String
    /// Where blobs are kept, in the words of `registry_storage_provider_name`.
    package let storage: String

    package init(registry: String?, scheme: String, version: String, storage: String) {
        self.registry = registry
        self.scheme = scheme
        self.version = version
        self.storage = storage
    }

    /// - Parameters:
    ///   - asked: The authority of the request, for a server that was given no name.
    ///   - hasAuthority: Whether a certificate of an authority can be downloaded.
    ///   - inFull: Whether version and storage are told too: to callers with an account, as Harbor does.
    func write(to json: inout JSONWriter, asked: String, hasAuthority: Bool, inFull: Bool) {
        json.beginObject()
        json.member("registry_url", registry ?? asked)
        json.member("external_url", "\(scheme)://\(registry ?? asked)")
        json.member("auth_mode", "db_auth")
        json.member("primary_auth_mode", false)
        json.member("self_registration", false)
        json.member("project_creation_restriction", "adminonly")
        json.member("has_ca_root", hasAuthority)
        json.member("read_only", false)
        if inFull {
            json.member("harbor_version", version)
            json.member("registry_storage_provider_name", storage)
        }
        json.endObject()
    }
}

/// A repository that everybody may pull from, as Harbor's list of the most popular shows it.
package struct PublicRepository: Sendable, Hashable {
    package let name: String
    /// In microseconds since 1970.
    package let createdAt: Int64

    package init(name: String, createdAt: Int64) {
        self.name = name
        self.createdAt = createdAt
    }

    func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("name", name)
        json.member("creation_time", RFC3339.string(microseconds: createdAt))
        json.endObject()
    }
}
