// SPDX-License-Identifier: Apache-2.0

/// The options of the S3 driver, by the names of the Docker registry's driver.
package struct S3Options: Sendable, KeepsSecrets {
    package var accessKey: String
    package var secretKey: String
    package var sessionToken: String?
    package var region: String
    package var bucket: String
    /// Where the service is.
    package var endpoint: ServerAddress
    /// Whether the bucket stands in the path; else it is the first part of the host's name.
    package var isPathStyle: Bool
    package var rootDirectory: String
    /// The value of `x-amz-server-side-encryption`; nil for none.
    package var encryption: String?
    package var encryptionKey: String?
    package var storageClass: String?
    package var accessControl: String?
    package var userAgent: String?
    package var skipsVerification: Bool
    package var chunkBytes: Int64
    /// The smallest part that the service takes, in bytes. AWS: 5 MiB. Servers that take less are for tests.
    package var smallestPart: Int64 = 5 << 20
    /// How long a signed address works, in seconds; 20 minutes as in the Docker registry.
    package var addressLife = 1_200

    /// Reads the options; faults are noted in the reader.
    package init(_ reader: inout OptionReader) {
        accessKey = reader.required("accesskey")
        secretKey = reader.required("secretkey")
        sessionToken = reader.text("sessiontoken")
        bucket = reader.required("bucket")
        region = reader.required("region")
        let isSecure = reader.flag("secure", default: true)
        let custom = reader.text("regionendpoint").flatMap { text -> ServerAddress? in
            let full = text.contains("://") ? text : (isSecure ? "https://" : "http://") + text
            return reader.address(full, of: "regionendpoint")
        }
        let host = region == "us-east-1" ? "s3.amazonaws.com" : "s3.\(region).amazonaws.com"
        let suffix = region.hasPrefix("cn-") ? ".cn" : ""
        endpoint = custom ?? ServerAddress(isSecure: isSecure, host: host + suffix)
        isPathStyle = reader.flag("forcepathstyle", default: custom != nil)
        rootDirectory = reader.text("rootdirectory") ?? ""
        let encrypts = reader.flag("encrypt")
        encryptionKey = reader.text("keyid")
        encryption = encrypts ? (encryptionKey == nil ? "AES256" : "aws:kms") : nil
        if !encrypts, encryptionKey != nil { reader.fault(.idle("keyid", reason: "encrypt is not true")) }
        let storage = reader.choice(
            "storageclass",
            of: [
                "NONE", "STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING",
                "OUTPOSTS", "GLACIER_IR",
            ])
        storageClass = storage == "NONE" ? nil : storage
        accessControl = reader.text("objectacl")
        userAgent = reader.text("useragent")
        skipsVerification = reader.flag("skipverify") || reader.flag("insecureskipverify")
        chunkBytes = reader.number("chunksize", default: 16 << 20, in: 5 << 20...5 << 30)
        if reader.text("v4auth") != nil, !reader.flag("v4auth", default: true) {
            reader.fault(.wrong("v4auth", accepts: "true: version 2 signatures are not made any more"))
        }
        reader.ignore(
            ["multipartcopychunksize", "multipartcopymaxconcurrency", "multipartcopythresholdsize"],
            because: "no blob is ever copied inside the store")
        reader.ignore(
            ["usedualstack", "accelerate", "loglevel"],
            because: "it has no effect; name another address with regionendpoint")
    }
}
