// SPDX-License-Identifier: Apache-2.0

/// The options of the driver for OpenStack Swift, by the names of the Docker registry's driver.
package struct SwiftOptions: Sendable, KeepsSecrets {
    /// The ways to log in.
    package enum Version: Int, Sendable { case v1 = 1, v2, v3 }

    package var username: String
    package var password: String
    package var authURL: ServerAddress?
    package var version: Version
    package var tenant: String?
    package var tenantID: String?
    package var tenantDomain: String?
    package var tenantDomainID: String?
    package var domain: String?
    package var domainID: String?
    package var trustID: String?
    package var region: String?
    /// Which address of the catalog is used: `public`, `internal` or `admin`.
    package var interface: String
    package var container: String
    package var prefix: String
    package var skipsVerification: Bool
    package var chunkBytes: Int64
    /// Shorter parts are joined before they become segments; Swift slows readers of many small ones down.
    package var smallestPart: Int64 = 1 << 20
    /// The key that the account or container has for signed addresses; nil for none.
    package var signingKey: String?
    /// How long a signed address works, in seconds.
    package var addressLife: Int64 = 1_200

    /// Reads the options; faults are noted in the reader.
    package init(_ reader: inout OptionReader) {
        username = reader.required("username")
        password = reader.required("password")
        let url = reader.required("authurl")
        authURL = url.isEmpty ? nil : reader.address(url, of: "authurl")
        let given = reader.choice("authversion", of: ["1", "2", "3"]).flatMap { Int($0) }
        let path = authURL?.path.split(separator: "/") ?? []
        let named = [3, 2, 1].first { number in path.contains { $0.hasPrefix("v\(number)") } }
        if given == nil, named == nil, authURL != nil {
            reader.fault(.wrong("authurl", accepts: "an address whose path says v1, v2.0 or v3; or give authversion"))
        }
        version = Version(rawValue: given ?? named ?? 3) ?? .v3
        tenant = reader.text("tenant")
        tenantID = reader.text("tenantid")
        tenantDomain = reader.text("tenantdomain")
        tenantDomainID = reader.text("tenantdomainid")
        domain = reader.text("domain")
        domainID = reader.text("domainid")
        trustID = reader.text("trustid")
        region = reader.text("region")
        interface = reader.choice("endpointtype", of: ["public", "internal", "admin"]) ?? "public"
        container = reader.required("container")
        prefix = reader.text("prefix") ?? reader.text("rootdirectory") ?? ""
        _ = reader.text("rootdirectory")
        skipsVerification = reader.flag("insecureskipverify")
        chunkBytes = reader.number("chunksize", default: 16 << 20, in: 1 << 20...5 << 30)
        let old = reader.text("secretkey")
        signingKey = reader.text("tempurlkey") ?? old
        reader.ignore(["accesskey"], because: "it was for a cloud that is gone")
        reader.ignore(
            ["tempurlcontainerkey", "tempurlmethods"],
            because: "an address signed with the key works, whether the account has the key or the container")
    }
}
