// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Writes, flushes, reads back and deletes a small object.
package enum StorageProbe {
    package static func run(on store: some BlobStore) async throws(BlobStorageError) {
        let plan = UploadPlan(base: store.newBase())
        let doomed = store.reservedLocations(base: plan.base, through: 1, driver: "")
        let result: Result<Void, BlobStorageError>
        do throws(BlobStorageError) {
            result = .success(try await roundTrip(plan, store))
        } catch {
            result = .failure(error)
        }
        let deletes = await store.delete(doomed)
        // What went wrong first says more than that nothing could be deleted afterwards.
        try result.get()
        for case .failed(let error) in deletes { throw error }
    }

    private static func roundTrip(_ plan: UploadPlan, _ store: some BlobStore) async throws(BlobStorageError) {
        let bytes = ByteBuffer(string: "probe \(plan.base)")
        let writer = try await store.beginPart(1, of: plan, at: 0)
        var plan = plan
        do throws(BlobStorageError) {
            try await writer.write(bytes)
            plan.publish(try await writer.seal(), driver: writer.driver)
        } catch {
            await writer.abandon()
            throw error
        }
        let blob = try await store.assemble(plan, asNumber: 2, hashing: nil)
        let reader = try await store.open(blob.location)
        let stored: Result<ByteBuffer, BlobStorageError>
        do throws(BlobStorageError) {
            stored = .success(try await reader.read(at: 0, upTo: bytes.readableBytes))
        } catch {
            stored = .failure(error)
        }
        await reader.close()
        guard try stored.get() == bytes else { throw .lost("the probe read back other bytes than it wrote") }
    }
}
