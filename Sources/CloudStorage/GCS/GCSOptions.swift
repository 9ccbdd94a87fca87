// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// The options of the driver for Google Cloud Storage, by the names of the Docker registry's driver.
package struct GCSOptions: Sendable, KeepsSecrets {
    package var bucket: String
    /// The account that acts; nil only when its file could not be read, which is a fault.
    package var account: GoogleAccount?
    /// Where its key is.
    package let keyFile: String
    package var rootDirectory: String
    /// How many bytes one request of a resumable session carries; a multiple of 256 KiB.
    package var chunkBytes: Int64
    /// How long a part is at first: several chunks of a session, so that a blob has few parts to compose.
    package var partBytes: Int64
    /// Where the service is.
    package var endpoint: ServerAddress
    package var userAgent: String?
    /// How long a signed address works, in seconds.
    package var addressLife: Int64 = 1_200

    /// Chunks of a session are multiples of this many bytes: "Resumable uploads" of the reference.
    package static let chunkUnit: Int64 = 256 << 10

    /// Reads the options, and the key file they name; faults are noted in the reader.
    package init(_ reader: inout OptionReader) {
        bucket = reader.required("bucket")
        keyFile = reader.required("keyfile")
        account = keyFile.isEmpty ? nil : Self.account(keyFile, &reader)
        rootDirectory = reader.text("rootdirectory") ?? ""
        chunkBytes = reader.number("chunksize", default: 16 << 20, in: Self.chunkUnit...1 << 30)
        partBytes = 4 * chunkBytes
        if chunkBytes % Self.chunkUnit != 0 {
            reader.fault(.wrong("chunksize", accepts: "a multiple of \(Self.chunkUnit)"))
        }
        let custom = reader.text("endpoint").flatMap { reader.address($0, of: "endpoint") }
        endpoint = custom ?? ServerAddress(isSecure: true, host: "storage.googleapis.com")
        userAgent = reader.text("useragent")
        reader.ignore(["maxconcurrency"], because: "it limits what Haven does not do: walks through folders")
    }

    private static func account(_ path: String, _ reader: inout OptionReader) -> GoogleAccount? {
        // Read once, at start, before anything waits for anything.
        if let data = FileManager.default.contents(atPath: path), let account = GoogleAccount(keyFile: Array(data)) {
            return account
        }
        reader.fault(.wrong("keyfile", accepts: "the path of a service account's key file in JSON, with an RSA key"))
        return nil
    }
}
