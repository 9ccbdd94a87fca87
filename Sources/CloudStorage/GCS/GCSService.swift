// SPDX-License-Identifier: Apache-2.0

package import BlobStorage
package import Logging
import OCI

/// Google Cloud Storage, through its JSON API.
///
/// A part is an object of its own, written by one resumable session that never leaves its writer. Parts are composed, at
/// most 32 at a time, into an object under a reserved name; they and what lies between are doomed. Every object is made with
/// `ifGenerationMatch=0`, so that a repeated call meets what it made before and compares it, and never writes over it.
package struct GCSService: ObjectService, KeepsSecrets {
    let options: GCSOptions
    let transport: CloudTransport
    let keys: KeySpace
    private let account: GoogleAccount
    let tokens: GoogleTokens

    package var name: String { "gcs" }

    package var rules: ObjectRules {
        ObjectRules(
            smallestPiece: 1, partBytes: options.partBytes, highestNumber: 1_000_000, largestObject: 5 << 40,
            checksums: .md5)
    }

    package init(
        _ options: GCSOptions, _ transport: TransportOptions = TransportOptions(), logger: Logger
    ) throws(BlobStorageError) {
        guard let account = options.account else { throw .invalid("gcs: no account") }
        self.options = options
        self.account = account
        var transport = transport
        transport.userAgent = options.userAgent ?? transport.userAgent
        self.transport = try CloudTransport(transport, logger: logger)
        tokens = GoogleTokens(account, self.transport)
        keys = KeySpace(folder: options.rootDirectory)
    }

    package func close() async { await transport.close() }

    package func size(of location: BlobLocation) async throws(BlobStorageError) -> Int64? {
        try await told("stat") { () throws(CloudFailure) in try await facts(of: keys.key(location))?.size }
    }

    package func read(_ location: BlobLocation, from offset: Int64) async throws(BlobStorageError) -> ObjectStream {
        let range = offset > 0 ? [(name: "Range", value: "bytes=\(offset)-")] : []
        let answer = try await told("get") { () throws(CloudFailure) in
            try await send(
                "get", [200, 206], "GET", object(keys.key(location)), query: [("alt", "media")], headers: range)
        }
        return try ObjectStream(answer, from: offset)
    }

    package func delete(_ objects: [DoomedObject]) async -> [DeleteOutcome] {
        await EachAlone.delete(objects) { object in
            do throws(CloudFailure) {
                let key = keys.key(object.location)
                switch object.kind {
                case .multipart: try await deleteAll(beginning: key + "-")
                case .object, .segmented: try await delete(key)
                }
                return .gone
            } catch {
                return .failed(error.gcsError("delete"))
            }
        }
    }

    private func delete(_ key: String) async throws(CloudFailure) {
        do throws(CloudFailure) {
            await (try await send("delete", [200, 204], "DELETE", object(key))).discard()
        } catch  where error.isAbsentObject {
            // Absent is what was wanted.
        }
    }

    /// Deletes what a listing shows, which here is never late.
    private func deleteAll(beginning prefix: String) async throws(CloudFailure) {
        var mark: String?
        repeat {
            let page = try await page(prefix, after: mark)
            for item in page.items { try await delete(item.name) }
            mark = page.next
        } while mark != nil
    }

    package func list(after mark: String?) async throws(BlobStorageError) -> ObjectPage {
        let page: Page
        do throws(CloudFailure) {
            page = try await self.page(keys.prefix + CloudNames.prefix + "/", after: mark)
        } catch { throw error.bucketError("list") }
        return ObjectPage(
            entries: page.items.compactMap { item in
                keys.location(item.name).map {
                    ObjectPage.Entry(location: $0, size: item.size, modified: item.modified)
                }
            }, next: page.next)
    }

    package func signedURL(of location: BlobLocation) async -> String? {
        try? GoogleSignature(account: account, endpoint: options.endpoint)
            .readingAddress(
                bucket: options.bucket, key: keys.key(location), seconds: options.addressLife, at: transport.time)
    }
}
