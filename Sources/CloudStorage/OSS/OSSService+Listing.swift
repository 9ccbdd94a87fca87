// SPDX-License-Identifier: Apache-2.0

package import BlobStorage
import OCI

extension OSSService {
    /// The most keys that one DeleteMultipleObjects takes.
    private static let bulk = 1_000

    package func delete(_ objects: [DoomedObject]) async -> [DeleteOutcome] {
        var outcomes = [DeleteOutcome](repeating: .gone, count: objects.count)
        for index in objects.indices where objects[index].kind == .multipart {
            outcomes[index] = await abortMultiparts(objects[index])
        }
        let plain = objects.indices.filter { objects[$0].kind != .multipart }
        for start in stride(from: 0, to: plain.count, by: Self.bulk) {
            let page = plain[start..<min(start + Self.bulk, plain.count)]
            let result = await deleteObjects(page.map { keys.key(objects[$0].location) })
            for index in page {
                switch result {
                case .failure(let error): outcomes[index] = .failed(error)
                case .success(let gone) where gone.contains(keys.key(objects[index].location)): break
                case .success: outcomes[index] = .failed(.unreachable("oss delete: the answer does not name it"))
                }
            }
        }
        return outcomes
    }

    /// - Returns: The keys that the store says are gone, those that never were among them.
    private func deleteObjects(_ keys: [String]) async -> Result<Set<String>, BlobStorageError> {
        let list = keys.map { "<Object><Key>\(xmlEscaped($0))</Key></Object>" }.joined()
        let text = Array("<Delete><Quiet>false</Quiet>\(list)</Delete>".utf8)
        let call = OSSCall(
            "POST", query: [("delete", "")],
            headers: [("content-type", "application/xml"), Self.digest(WireText.md5(text))], body: .bytes(text))
        do throws(CloudFailure) {
            let document = try await document(call)
            return .success(Set(document.all("Deleted").compactMap { $0["Key"]?.text }))
        } catch {
            return .failure(error.storageError("oss delete"))
        }
    }

    package func list(after mark: String?) async throws(BlobStorageError) -> ObjectPage {
        var query = [("list-type", "2"), ("max-keys", "1000"), ("prefix", keys.prefix + CloudNames.prefix + "/")]
        if let mark { query.append(("continuation-token", mark)) }
        let call = OSSCall("GET", query: query)
        let document = try await told("list") { () throws(CloudFailure) -> XMLDocument in
            try await self.document(call)
        }
        let entries = document.all("Contents").compactMap { item -> ObjectPage.Entry? in
            guard let location = keys.location(item["Key"]?.text ?? ""),
                let size = item["Size"].flatMap({ Int64($0.text) })
            else { return nil }
            let modified = item["LastModified"].flatMap { UTCTime(iso8601: $0.text) }?.microseconds ?? 0
            return ObjectPage.Entry(location: location, size: size, modified: modified)
        }
        let isTruncated = document["IsTruncated"]?.text == "true"
        return ObjectPage(entries: entries, next: isTruncated ? document["NextContinuationToken"]?.text : nil)
    }
}
