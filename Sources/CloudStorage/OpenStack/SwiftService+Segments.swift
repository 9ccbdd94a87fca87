// SPDX-License-Identifier: Apache-2.0

package import BlobStorage
import NIOCore
import OCI

extension SwiftService {
    /// The most segments that one manifest names.
    private static let manifestSegments = 1_000
    /// How the names of segments end; a listing does not show them, for no row names them.
    static let segmentEnd = ".s"
    /// How the names of manifests end: what is deleted with everything it names.
    static let manifestEnd = ".slo"

    package func isPiece(_ part: UploadPart) -> Bool { part.name.hasSuffix(Self.segmentEnd) }

    package func putPiece(
        _ bytes: SpooledBytes, number: Int, base: String, state: String
    ) async throws(BlobStorageError) -> StoredPiece {
        let location = Self.segment(base, number)
        return StoredPiece(name: location.rawValue, etag: try await put(bytes, at: location), state: state)
    }

    package func join(
        _ pieces: [UploadPart], base: String, number: Int, state: String
    ) async throws(BlobStorageError) -> JoinedObject {
        var segments = pieces.map(Segment.init)
        var members = segments.map(\.location)
        if segments.count > Self.manifestSegments {
            // Manifests of manifests: a million segments.
            var groups: [Segment] = []
            for start in stride(from: 0, to: segments.count, by: Self.manifestSegments) {
                let group = Array(segments[start..<min(start + Self.manifestSegments, segments.count)])
                let location = Self.group(base, number, groups.count)
                try await putManifest(of: group, at: location)
                groups.append(Segment(location: location, tag: "", size: group.reduce(0) { $0 + $1.size }))
                members.append(location)
            }
            segments = groups
        }
        let location = Self.manifest(base, number)
        try await putManifest(of: segments, at: location)
        return JoinedObject(location, members: members)
    }

    package func reserved(base: String, through number: Int, state: String) -> [DoomedObject] {
        var doomed = CloudNames.objects(base, through: number)
        doomed += (1...number).map { DoomedObject(Self.segment(base, $0)) }
        doomed += (1...number).map { DoomedObject(Self.manifest(base, $0), kind: .segmented) }
        guard number > Self.manifestSegments else { return doomed }
        // Only the numbers reserved last can be those of a commit.
        for committer in max(1, number - 8)...number {
            for index in 0...(number / Self.manifestSegments) {
                doomed.append(DoomedObject(Self.group(base, committer, index), kind: .segmented))
            }
        }
        return doomed
    }

    private static func segment(_ base: String, _ number: Int) -> BlobLocation {
        BlobLocation(rawValue: CloudNames.object(base, number).rawValue + segmentEnd)
    }

    private static func manifest(_ base: String, _ number: Int) -> BlobLocation {
        BlobLocation(rawValue: CloudNames.object(base, number).rawValue + manifestEnd)
    }

    private static func group(_ base: String, _ number: Int, _ index: Int) -> BlobLocation {
        BlobLocation(rawValue: "\(CloudNames.object(base, number)).\(index)\(segmentEnd)")
    }

    private struct Segment {
        var location: BlobLocation
        var tag: String
        var size: Int64

        init(location: BlobLocation, tag: String, size: Int64) {
            self.location = location
            self.tag = tag
            self.size = size
        }

        init(_ part: UploadPart) {
            location = BlobLocation(rawValue: part.name)
            tag = String(part.etag.prefix { $0 != ";" })
            size = part.length
        }
    }

    private func putManifest(of segments: [Segment], at location: BlobLocation) async throws(BlobStorageError) {
        var json = JSONWriter()
        json.beginArray()
        for segment in segments {
            json.beginObject()
            json.member("path", "/\(options.container)/\(keys.key(segment.location))")
            if !segment.tag.isEmpty { json.member("etag", segment.tag) }
            json.key("size_bytes")
            json.int(segment.size)
            json.endObject()
        }
        json.endArray()
        var call = SwiftCall(
            "PUT", key: keys.key(location), query: [("multipart-manifest", "put")], body: .bytes(json.bytes))
        call.headers = [
            (name: "Content-Type", value: "application/octet-stream"), (name: "Accept", value: "application/json"),
        ]
        for pause in [100, 400, 1_600, 0] {
            do throws(CloudFailure) {
                await (try await send(call, wanted: [201])).discard()
                return
            } catch {
                guard error.status == 400 else { throw error.storageError("swift put manifest") }
                // Swift looks for every segment, and one that was just written may not be everywhere yet.
                guard case .answered(_, _, let message) = error, message.contains("404"), pause > 0 else {
                    throw .lost("swift put manifest: \(error)")
                }
                do { try await Task.sleep(for: .milliseconds(pause)) } catch { throw .unreachable("cancelled") }
            }
        }
    }
}
