// SPDX-License-Identifier: Apache-2.0
import OCI
import Promises

/// A manifest that is accepted must keep what its callers rely on. The input is the media type, a zero byte, the body.
@main
enum FuzzManifest {
    static func main() {
        runFuzzer { start, count in
            FuzzManifest.feed(bytes(start, count))
            return 0
        }
    }

    private static func feed(_ bytes: [UInt8]) {
        let parts = twoParts(bytes)
        let type = parts.second == nil ? nil : String(decoding: parts.first, as: UTF8.self)
        let body = parts.second ?? parts.first
        do throws(ManifestError) {
            check(try Manifest(parsing: body, contentType: type), body, type)
        } catch {
            promise(!error.message.isEmpty, "each refusal has words")
        }
    }
}

private func check(_ manifest: Manifest, _ body: [UInt8], _ type: String?) {
    promise(MediaType(manifest.mediaType)?.essence == manifest.mediaType, "the media type is in its plain form")
    promise(
        MediaType(manifest.mediaType).flatMap(Manifest.Kind.init(mediaType:)) == manifest.kind, "type and kind agree")
    promise(manifest.kind == .image ? manifest.children.isEmpty : manifest.blobs.isEmpty, "an image has no children")
    promise((manifest.config == nil) == (manifest.kind == .index), "images have a config, indexes none")
    var total: Int64 = 0
    for descriptor in manifest.blobs + manifest.children {
        promise(Digest(descriptor.digest.description) == descriptor.digest, "a digest reads as it is written")
        promise(descriptor.size >= 0, "sizes are not negative")
        total += descriptor.size
    }
    var json = JSONWriter()
    manifest.annotations.write(to: &json)
    promise((try? JSONValue(parsing: json.bytes))?.object?.count == manifest.annotations.count, "annotations are JSON")
    guard let value = try? JSONValue(parsing: body) else { return promise(false, "a manifest is JSON") }
    var again = JSONWriter()
    again.value(value)
    guard again.bytes.count <= Manifest.byteLimit else { return }
    let twin = try? Manifest(parsing: again.bytes, contentType: type)
    promise(twin?.blobs == manifest.blobs && twin?.children == manifest.children, "equal JSON is an equal manifest")
}
