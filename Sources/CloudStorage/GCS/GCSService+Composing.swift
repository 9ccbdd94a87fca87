// SPDX-License-Identifier: Apache-2.0

package import BlobStorage
import OCI

extension GCSService {
    /// The most objects that one call composes.
    private static let width = 32

    private struct Piece {
        var location: BlobLocation
        var size: Int64
    }

    /// What the names of compositions on the way begin with; a number and a count follow.
    private static func between(_ base: String) -> String { CloudNames.family(base).rawValue + "-c" }

    package func join(
        _ pieces: [UploadPart], base: String, number: Int, state: String
    ) async throws(BlobStorageError) -> JoinedObject {
        var row = pieces.map { Piece(location: BlobLocation(rawValue: $0.name), size: $0.length) }
        if row.count == 1 { return JoinedObject(row[0].location) }
        var count = 0
        while row.count > Self.width {
            var next: [Piece] = []
            for start in stride(from: 0, to: row.count, by: Self.width) {
                let group = Array(row[start..<min(start + Self.width, row.count)])
                count += 1
                let name = BlobLocation(rawValue: "\(Self.between(base))-\(number)-\(count)")
                next.append(group.count == 1 ? group[0] : try await compose(group, into: name))
            }
            row = next
        }
        return JoinedObject(try await compose(row, into: CloudNames.object(base, number)).location)
    }

    /// One object of at most ``width`` others. The name is this call's alone, so what is found there was made by it.
    private func compose(_ group: [Piece], into location: BlobLocation) async throws(BlobStorageError) -> Piece {
        let size = group.reduce(0) { $0 + $1.size }
        let key = keys.key(location)
        var composed: Facts?
        do throws(CloudFailure) {
            let answer = try await ask(
                "compose", "POST", object(key) + "/compose", query: [("ifGenerationMatch", "0")],
                headers: [("Content-Type", "application/json")], body: .bytes(request(group)))
            composed = try Facts.read(answer)
        } catch {
            if error.isAbsentObject { throw .lost("gcs compose: a part of \(location) is missing") }
            guard error.status == 412 else { throw error.gcsError("compose") }
            composed = try await told("stat") { () throws(CloudFailure) in try await facts(of: key) }
        }
        guard composed?.size == size else { throw .lost("\(location) has another size than its parts' rows") }
        return Piece(location: location, size: size)
    }

    private func request(_ group: [Piece]) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.key("sourceObjects")
        json.beginArray()
        for piece in group {
            json.beginObject()
            json.key("name")
            json.string(keys.key(piece.location))
            json.endObject()
        }
        json.endArray()
        json.key("destination")
        json.beginObject()
        json.key("contentType")
        json.string("application/octet-stream")
        json.endObject()
        json.endObject()
        return json.bytes
    }

    package func reserved(base: String, through number: Int, state: String) -> [DoomedObject] {
        CloudNames.objects(base, through: number) + [
            DoomedObject(BlobLocation(rawValue: Self.between(base)), kind: .multipart)
        ]
    }
}
