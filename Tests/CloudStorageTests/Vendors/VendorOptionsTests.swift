// SPDX-License-Identifier: Apache-2.0

import CloudStorage
import Foundation
import OCI
import TestKit
import Testing

@Suite("options of vendors' stores")
struct VendorOptionsTests {
    @Test("that are missing, unknown and wrong are told together", arguments: Vendor.allCases)
    func faults(_ vendor: Vendor) throws {
        var reader = OptionReader(["colour": "red", "chunksize": "few", "bukcet": "x"])
        let missing = vendor.read(&reader)
        let faults = reader.faults()
        for key in missing { #expect(faults.contains(.missing(key)), "\(key)") }
        let unknown = faults.compactMap { fault -> String? in
            if case .unknown(let key, _) = fault { key } else { nil }
        }
        #expect(unknown == ["bukcet", "colour"])
        let wrong = faults.compactMap { fault -> String? in if case .wrong(let key, _) = fault { key } else { nil } }
        #expect(wrong == ["chunksize"])
    }

    @Test("show no key, however a store that has them is printed", arguments: Vendor.allCases)
    func opaque(_ vendor: Vendor) async throws {
        try await vendor.with { harness in
            var dumped = ""
            dump(harness.subject, to: &dumped)
            let texts = ["\(harness.subject)", String(reflecting: harness.store), dumped]
            for text in texts {
                #expect(text.contains("CloudBlobStore"))
                #expect(!text.contains("Service(") && !text.contains("key") && !text.contains("secret"), "\(text)")
            }
        }
    }

    @Test("of Azure name the account's host, or another one")
    func azureAddresses() {
        for (more, address) in [
            ([:], "https://acct.blob.core.windows.net"),
            (["realm": "core.chinacloudapi.cn"], "https://acct.blob.core.chinacloudapi.cn"),
            (["serviceurl": "http://127.0.0.1:10000/acct/"], "http://127.0.0.1:10000/acct"),
        ] as [([String: String], String)] {
            let basic = ["accountname": "acct", "accountkey": "c2VjcmV0", "container": "c"]
            var reader = OptionReader(basic.merging(more) { $1 })
            let options = AzureOptions(&reader)
            #expect(reader.faults() == [])
            #expect(options.address.url == address)
            #expect(options.key == Array("secret".utf8))
        }
    }

    @Test("with a key that is not base64, a chunk that is no multiple, or a key file that is none are refused")
    func wrongValues() async throws {
        var azure = OptionReader(["accountname": "a", "accountkey": "not base64!", "container": "c"])
        _ = AzureOptions(&azure)
        #expect(azure.faults() == [.wrong("accountkey", accepts: "an account's key in base64")])
        try await withTemporaryFolder { folder in
            let path = "\(folder)/key.json"
            try "{\"type\":\"authorized_user\"}".write(toFile: path, atomically: true, encoding: .utf8)
            for file in [path, "\(folder)/missing.json"] {
                var gcs = OptionReader(["bucket": "b", "keyfile": file, "chunksize": "300000"])
                let options = GCSOptions(&gcs)
                #expect(options.account == nil)
                #expect(gcs.faults().count == 2)
                #expect(throws: (any Error).self) { try GCSService(options, logger: VendorStores.logger) }
            }
        }
    }
}

extension Vendor {
    /// Reads the driver's options.
    ///
    /// - Returns: The keys that must be given.
    func read(_ reader: inout OptionReader) -> [String] {
        switch self {
        case .azure:
            _ = AzureOptions(&reader)
            return ["accountname", "accountkey", "container"]
        case .oss:
            _ = OSSOptions(&reader)
            return ["accesskeyid", "accesskeysecret", "bucket", "region"]
        case .gcs:
            _ = GCSOptions(&reader)
            return ["bucket", "keyfile"]
        }
    }
}
