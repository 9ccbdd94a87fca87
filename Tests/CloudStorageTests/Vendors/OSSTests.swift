// SPDX-License-Identifier: Apache-2.0

import BlobStorage
import CloudStorage
import OCI
import TestKit
import Testing

@Suite("OSS", .serialized)
struct OSSTests {
    @Test("dooming an upload aborts its multipart uploads, also those that no row knows")
    func abortsUploads() async throws {
        try await withOSS { double, subject in
            let blob = TestBlob.random(700_000)
            var plan = UploadPlan(base: subject.here.newBase())
            try await BlobStoreContract.append(Array(blob.bytes[..<300_000]), to: &plan, as: 1, in: subject.here)
            // A writer that dies before its first part is published leaves an upload that no row names.
            let stray = try await subject.there.beginPart(2, of: UploadPlan(base: plan.base), at: 0)
            try await BlobStoreContract.write(Array(blob.bytes[..<300_000]), to: stray)
            _ = try await stray.seal()
            try await BlobStoreContract.append(Array(blob.bytes[300_000...]), to: &plan, as: 3, in: subject.here)
            #expect(double.openUploads == 2)
            let doomed = subject.there.reservedLocations(base: plan.base, through: 3, driver: plan.driver)
            #expect(Set(await subject.there.delete(doomed)) == [.gone])
            #expect(double.openUploads == 0)
            #expect(try await BlobStoreContract.objects(in: subject.here).isEmpty)
        }
    }

    @Test("a commit whose answer was lost is found done, and the bytes are read before they are believed")
    func lostCommit() async throws {
        try await withOSS { double, subject in
            let blob = TestBlob.random(600_000)
            var plan = UploadPlan(base: subject.here.newBase())
            try await BlobStoreContract.append(Array(blob.bytes[..<400_000]), to: &plan, as: 1, in: subject.here)
            try await BlobStoreContract.append(Array(blob.bytes[400_000...]), to: &plan, as: 2, in: subject.there)
            let seen = SeenRequests()
            double.server.fail { request in
                request.method == "POST" && request.item("uploadId") != nil && seen.isFirst(request) ? .loseAnswer : nil
            }
            let stored = try await subject.here.assemble(plan, asNumber: 3, hashing: nil)
            #expect(stored.digest?.description == blob.digest)
            #expect(stored.size == 600_000)
        }
    }

    @Test("a wrong secret is refused in either version, and so is a clock that is wrong", arguments: ["v1", "v4"])
    func refused(_ version: String) async throws {
        try await withOSS(["signatureversion": version]) { double, subject in
            for work in [{ double.setSkew(3_600) }, { double.setSkew(-3_600) }] {
                work()
                let error = await #expect(throws: BlobStorageError.self) {
                    _ = try await BlobStoreContract.push([1], to: subject.here)
                }
                guard case .refused(let text) = error else {
                    return #expect(Bool(false), "\(String(describing: error))")
                }
                #expect(text.contains("RequestTimeTooSkewed"))
            }
        }
    }

    @Test("the real service is asked by the bucket's own host name", arguments: ["v1", "v4"])
    func hostNames(_ version: String) async throws {
        let basic = [
            "accesskeyid": "a", "accesskeysecret": "s", "region": "oss-cn-beijing", "bucket": "images",
            "signatureversion": version,
        ]
        for (more, host) in [
            ([:], "https://images.oss-cn-beijing.aliyuncs.com/"),
            (["internal": "true"], "https://images.oss-cn-beijing-internal.aliyuncs.com/"),
            (["secure": "false", "endpoint": "oss.example.com:81"], "http://images.oss.example.com:81/"),
        ] {
            var reader = OptionReader(basic.merging(more) { $1 })
            let options = OSSOptions(&reader)
            #expect(reader.faults() == [])
            let service = try OSSService(options, logger: VendorStores.logger)
            let address = await service.signedURL(of: BlobLocation(rawValue: "x/y"))
            #expect(address?.hasPrefix(host + "x/y?") == true, "\(address ?? "")")
            await service.close()
        }
    }
}
