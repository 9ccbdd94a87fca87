// SPDX-License-Identifier: Apache-2.0

/// The options of the OSS driver, by the names of the Docker registry's driver.
package struct OSSOptions: Sendable, KeepsSecrets {
    /// How requests are signed.
    package enum SignatureVersion: String, Sendable, CaseIterable {
        case v1
        case v4
    }

    package var accessKey: String
    package var secretKey: String
    /// As signatures have it: `cn-hangzhou`.
    package var region: String
    package var bucket: String
    /// Where the service is.
    package var endpoint: ServerAddress
    /// Whether the bucket stands in the path; the real service wants it in the host's name.
    package var isPathStyle: Bool
    package var signature: SignatureVersion
    package var rootDirectory: String
    /// The value of `x-oss-server-side-encryption`; nil for none.
    package var encryption: String?
    package var encryptionKey: String?
    package var chunkBytes: Int64
    /// How long a signed address works, in seconds.
    package var addressLife: Int64 = 1_200

    /// Reads the options; faults are noted in the reader.
    package init(_ reader: inout OptionReader) {
        accessKey = reader.required("accesskeyid")
        secretKey = reader.required("accesskeysecret")
        bucket = reader.required("bucket")
        let place = reader.required("region")
        region = place.hasPrefix("oss-") ? String(place.dropFirst(4)) : place
        let isSecure = reader.flag("secure", default: true)
        let isInternal = reader.flag("internal")
        let custom = reader.text("endpoint").flatMap { text -> ServerAddress? in
            let full = text.contains("://") ? text : (isSecure ? "https://" : "http://") + text
            return reader.address(full, of: "endpoint")
        }
        let host = "oss-\(region)\(isInternal ? "-internal" : "").aliyuncs.com"
        endpoint = custom ?? ServerAddress(isSecure: isSecure, host: host)
        if isInternal, custom != nil { reader.fault(.idle("internal", reason: "endpoint names the address")) }
        isPathStyle = reader.flag("forcepathstyle")
        signature = reader.choice("signatureversion", of: ["v1", "v4"]).flatMap(SignatureVersion.init) ?? .v4
        rootDirectory = reader.text("rootdirectory") ?? ""
        let encrypts = reader.flag("encrypt")
        encryptionKey = reader.text("encryptionkeyid")
        encryption = encrypts ? (encryptionKey == nil ? "AES256" : "KMS") : nil
        if !encrypts, encryptionKey != nil { reader.fault(.idle("encryptionkeyid", reason: "encrypt is not true")) }
        chunkBytes = reader.number("chunksize", default: 16 << 20, in: 100 << 10...5 << 30)
    }
}
