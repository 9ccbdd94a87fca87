// SPDX-License-Identifier: Apache-2.0

package import BlobStorage
import OCI

extension S3Service {
    /// The most keys one DeleteObjects takes.
    private static let bulk = 1_000

    package func delete(_ objects: [DoomedObject]) async -> [DeleteOutcome] {
        var outcomes = [DeleteOutcome](repeating: .gone, count: objects.count)
        for index in objects.indices where objects[index].kind == .multipart {
            outcomes[index] = await abortMultiparts(objects[index])
        }
        let plain = objects.indices.filter { objects[$0].kind != .multipart }
        for start in stride(from: 0, to: plain.count, by: Self.bulk) {
            let page = plain[start..<min(start + Self.bulk, plain.count)]
            let failures = await deleteObjects(page.map { keys.key(objects[$0].location) })
            for index in page {
                if let failure = failures.all ?? failures.each[keys.key(objects[index].location)] {
                    outcomes[index] = .failed(failure)
                }
            }
        }
        return outcomes
    }

    private func deleteObjects(
        _ keys: [String]
    ) async -> (all: BlobStorageError?, each: [String: BlobStorageError]) {
        let list = keys.map { "<Object><Key>\(xmlEscaped($0))</Key></Object>" }.joined()
        let text = Array("<Delete><Quiet>true</Quiet>\(list)</Delete>".utf8)
        let call = S3Call(
            "POST", query: [("delete", "")],
            headers: [
                (name: "content-md5", value: Base64.encode(WireText.md5(text))),
                (name: "content-type", value: "application/xml"),
            ], body: .bytes(text))
        do throws(CloudFailure) {
            let answer = try await document(try await send(call))
            var each: [String: BlobStorageError] = [:]
            for error in answer.all("Error") {
                let code = error["Code"]?.text ?? ""
                if code == "NoSuchKey" || code == "NoSuchVersion" { continue }
                each[error["Key"]?.text ?? ""] = .unreachable("s3 delete: \(code) \(error["Message"]?.text ?? "")")
            }
            return (nil, each)
        } catch {
            return (error.storageError("s3 delete"), [:])
        }
    }

    package func list(after mark: String?) async throws(BlobStorageError) -> ObjectPage {
        var query = [
            ("list-type", "2"), ("max-keys", "1000"), ("prefix", keys.prefix + CloudNames.prefix + "/"),
        ]
        if let mark { query.append(("continuation-token", mark)) }
        let call = S3Call("GET", query: query)
        let listing = try await told("list") { () throws(CloudFailure) in
            try await document(try await send(call))
        }
        let entries = listing.all("Contents").compactMap { item -> ObjectPage.Entry? in
            guard let key = item["Key"]?.text, let location = keys.location(key),
                let size = item["Size"].flatMap({ Int64($0.text) })
            else { return nil }
            let modified = item["LastModified"].flatMap { UTCTime(iso8601: $0.text) }?.microseconds ?? 0
            return ObjectPage.Entry(location: location, size: size, modified: modified)
        }
        let isTruncated = listing["IsTruncated"]?.text == "true"
        return ObjectPage(entries: entries, next: isTruncated ? listing["NextContinuationToken"]?.text : nil)
    }
}
