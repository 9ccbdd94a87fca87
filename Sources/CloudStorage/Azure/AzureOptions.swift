// SPDX-License-Identifier: Apache-2.0

import OCI

/// The options of the Azure driver, by the names of the Docker registry's driver.
package struct AzureOptions: Sendable, KeepsSecrets {
    package var account: String
    /// The account's key, decoded.
    package var key: [UInt8]
    package var container: String
    /// Where the account's blobs are.
    package var address: ServerAddress
    package var rootDirectory: String
    package var chunkBytes: Int64
    /// How long a signed address works, in seconds.
    package var addressLife: Int64 = 1_200

    /// Reads the options; faults are noted in the reader.
    package init(_ reader: inout OptionReader) {
        account = reader.required("accountname")
        let text = reader.required("accountkey")
        let decoded = Base64.decode(text)
        if decoded == nil { reader.fault(.wrong("accountkey", accepts: "an account's key in base64")) }
        key = decoded ?? []
        container = reader.required("container")
        // Of the registry's kinds of credentials, this is the one that can also sign addresses.
        _ = reader.choice("credentialstype", of: ["shared_key"])
        let realm = reader.text("realm") ?? "core.windows.net"
        let custom = reader.text("serviceurl").flatMap { reader.address($0, of: "serviceurl") }
        address = custom ?? ServerAddress(isSecure: true, host: "\(account).blob.\(realm)")
        rootDirectory = reader.text("rootdirectory") ?? ""
        chunkBytes = reader.number("chunksize", default: 16 << 20, in: 64 << 10...4_000 << 20)
        reader.ignore(
            ["maxretries", "retrydelay", "max_retries", "retry_delay"],
            because: "every call is repeated with growing pauses, within a budget")
        reader.ignore(
            ["trimlegacyrootprefix", "legacyrootprefix"], because: "Haven's names never begin with a slash")
    }
}
