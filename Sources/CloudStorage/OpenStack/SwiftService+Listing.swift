// SPDX-License-Identifier: Apache-2.0

package import BlobStorage
import NIOCore
import OCI

extension SwiftService {
    /// How many objects are deleted by one request.
    private static let bulk = 500
    /// How many requests that delete one object run at a time.
    private static let width = 8

    package func delete(_ objects: [DoomedObject]) async -> [DeleteOutcome] {
        var outcomes = [DeleteOutcome](repeating: .gone, count: objects.count)
        let isManifest = objects.map {
            $0.kind == .segmented || $0.location.rawValue.hasSuffix(Self.manifestEnd)
        }
        let plain = objects.indices.filter { !isManifest[$0] }
        for start in stride(from: 0, to: plain.count, by: Self.bulk) {
            let page = Array(plain[start..<min(start + Self.bulk, plain.count)])
            for (index, outcome) in zip(page, await deleteTogether(page.map { objects[$0].location })) {
                outcomes[index] = outcome
            }
        }
        let manifests = objects.indices.filter { isManifest[$0] }
        for (index, outcome) in zip(
            manifests, await deleteEach(manifests.map { objects[$0].location }, isManifest: true))
        {
            outcomes[index] = outcome
        }
        return outcomes
    }

    /// One request for many objects; where the store has no such request, many.
    private func deleteTogether(_ locations: [BlobLocation]) async -> [DeleteOutcome] {
        guard locations.count > 1 else { return await deleteEach(locations, isManifest: false) }
        let names = locations.map {
            "/" + WireText.percentEncoded("\(options.container)/\(keys.key($0))", keepingSlashes: true)
        }
        var call = SwiftCall(
            "POST", .account, query: [("bulk-delete", "")], body: .bytes(Array(names.joined(separator: "\n").utf8)))
        call.headers = [(name: "Content-Type", value: "text/plain"), (name: "Accept", value: "application/json")]
        do throws(CloudFailure) {
            let answer = try await document(try await send(call, wanted: [200]))
            let errors = try Self.errors(in: answer)
            return names.map { name in errors[name].map { .failed(.unreachable("swift delete: \($0)")) } ?? .gone }
        } catch {
            if case .answered(let status, _, _) = error, [400, 404, 405, 412, 501].contains(status) {
                return await deleteEach(locations, isManifest: false)
            }
            let failure = error.storageError("swift bulk delete")
            return locations.map { _ in .failed(failure) }
        }
    }

    private func deleteEach(_ locations: [BlobLocation], isManifest: Bool) async -> [DeleteOutcome] {
        await withTaskGroup(of: (Int, DeleteOutcome).self) { group in
            var outcomes = [DeleteOutcome](repeating: .gone, count: locations.count)
            var next = 0
            for _ in 0..<min(Self.width, locations.count) {
                let index = next
                group.addTask { (index, await delete(locations[index], isManifest: isManifest)) }
                next += 1
            }
            while let (index, outcome) = await group.next() {
                outcomes[index] = outcome
                guard next < locations.count else { continue }
                let following = next
                group.addTask { (following, await delete(locations[following], isManifest: isManifest)) }
                next += 1
            }
            return outcomes
        }
    }

    private func delete(_ location: BlobLocation, isManifest: Bool) async -> DeleteOutcome {
        let query = isManifest ? [("multipart-manifest", "delete")] : []
        var call = SwiftCall("DELETE", key: keys.key(location), query: query)
        call.headers = [(name: "Accept", value: "application/json")]
        do throws(CloudFailure) {
            let answer = try await send(call, wanted: [200, 204, 404])
            guard isManifest, answer.status == 200 else {
                await answer.discard()
                return .gone
            }
            // The head says 200, whatever became of the segments.
            guard let (name, error) = try Self.errors(in: try await document(answer)).first else { return .gone }
            // Ceph's gateway calls a manifest that is not there a bad request.
            if (try? await size(of: location)) == .some(nil) { return .gone }
            return .failed(.unreachable("swift delete \(name): \(error)"))
        } catch {
            return .failed(error.storageError("swift delete"))
        }
    }

    /// What a bulk answer says went wrong, by name as it was sent. What was not there is no error.
    private static func errors(in answer: JSONValue) throws(CloudFailure) -> [String: String] {
        var errors: [String: String] = [:]
        for entry in answer["Errors"]?.array ?? [] {
            guard let pair = entry.array, pair.count == 2, let name = pair[0].string, let text = pair[1].string else {
                continue
            }
            if !text.hasPrefix("404") { errors[name] = text }
        }
        let status = answer["Response Status"]?.string ?? "200 OK"
        // 400 beside named errors, or when everything was gone before.
        if errors.isEmpty, !status.hasPrefix("200"), !status.hasPrefix("404"),
            answer["Number Not Found"]?.integer ?? 0 == 0
        {
            throw .unanswered("\(status) \(answer["Response Body"]?.string ?? "")")
        }
        return errors
    }

    package func list(after mark: String?) async throws(BlobStorageError) -> ObjectPage {
        let limit = 1_000
        var query = [
            ("format", "json"), ("limit", "\(limit)"), ("prefix", keys.prefix + CloudNames.prefix + "/"),
        ]
        if let mark { query.append(("marker", mark)) }
        let call = SwiftCall("GET", query: query)
        let page = try await told("list") { () throws(CloudFailure) -> JSONValue in
            let answer = try await send(call, wanted: [200, 204, 404])
            guard answer.status == 200 else {
                await answer.discard()
                return .array([])
            }
            return try await document(answer)
        }
        let items = page.array ?? []
        var entries: [ObjectPage.Entry] = []
        for item in items {
            guard let key = item["name"]?.string, let location = keys.location(key), var size = item["bytes"]?.integer,
                !key.hasSuffix(Self.segmentEnd)
            else { continue }
            // Ceph's gateway lists the size of the manifest itself.
            if key.hasSuffix(Self.manifestEnd), size < rules.partBytes {
                size = try await self.size(of: location) ?? size
            }
            let modified = item["last_modified"]?.string.flatMap { UTCTime(iso8601: $0) }?.microseconds ?? 0
            entries.append(ObjectPage.Entry(location: location, size: size, modified: modified))
        }
        return ObjectPage(entries: entries, next: items.count < limit ? nil : items.last?["name"]?.string)
    }

    private func document(_ answer: CloudAnswer) async throws(CloudFailure) -> JSONValue {
        let bytes = try await answer.collect()
        do { return try JSONValue(parsing: Array(bytes.readableBytesView)) } catch {
            throw .unanswered("the answer is no JSON: \(error)")
        }
    }
}
