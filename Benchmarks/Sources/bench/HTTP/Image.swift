// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A blob with its digest.
struct Blob {
    let digest: String
    let bytes: [UInt8]
}

/// An image made for one push: layers, configuration and manifest.
struct Image {
    static let manifestType = "application/vnd.oci.image.manifest.v1+json"
    private static let configType = "application/vnd.oci.image.config.v1+json"
    private static let layerType = "application/vnd.oci.image.layer.v1.tar"

    /// The layers, then the configuration.
    let blobs: [Blob]
    let config: Blob
    let manifest: [UInt8]

    /// Makes images whose layers nobody has seen before.
    ///
    /// The digests come from one run of `sha256sum` over files in `folder`, before any clock runs.
    static func fresh(_ count: Int, layers: Int, layerBytes: Int, in folder: String) throws -> [Image] {
        let contents = (0..<count * layers).map { _ in random(layerBytes) }
        let layerBlobs = try digested(contents, in: folder)
        let groups = (0..<count).map { Array(layerBlobs[$0 * layers..<($0 + 1) * layers]) }
        let configs = try digested(groups.map(configuration), in: folder)
        return zip(groups, configs).map { layers, config in
            Image(blobs: layers + [config], config: config, manifest: manifest(config, layers))
        }
    }

    /// One blob of fresh bytes.
    static func freshBlobs(_ count: Int, bytes: Int, in folder: String) throws -> [Blob] {
        try digested((0..<count).map { _ in random(bytes) }, in: folder)
    }

    /// An artifact manifest whose subject is another manifest; `number` makes it one of many.
    static func artifact(about subject: String, size: Int, config: Blob, number: Int) -> [UInt8] {
        let about = #"{"mediaType":"\#(manifestType)","digest":"\#(subject)","size":\#(size)}"#
        return Array(
            """
            {"schemaVersion":2,"mediaType":"\(manifestType)","artifactType":"application/vnd.example.signature",\
            "config":\(descriptor(config, configType)),"layers":[],"subject":\(about),"annotations":{"n":"\(number)"}}
            """.utf8)
    }

    /// The digest of some bytes.
    static func digest(of bytes: [UInt8], in folder: String) throws -> String {
        try digested([bytes], in: folder)[0].digest
    }

    private static func configuration(_ layers: [Blob]) -> [UInt8] {
        let digests = layers.map { "\"\($0.digest)\"" }.joined(separator: ",")
        return Array(
            #"{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[\#(digests)]}}"#
                .utf8)
    }

    private static func manifest(_ config: Blob, _ layers: [Blob]) -> [UInt8] {
        let list = layers.map { descriptor($0, layerType) }.joined(separator: ",")
        return Array(
            """
            {"schemaVersion":2,"mediaType":"\(manifestType)","config":\(descriptor(config, configType)),"layers":[\(list)]}
            """.utf8)
    }

    private static func descriptor(_ blob: Blob, _ type: String) -> String {
        #"{"mediaType":"\#(type)","digest":"\#(blob.digest)","size":\#(blob.bytes.count)}"#
    }

    private static func random(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            for index in stride(from: 0, to: count, by: 8) {
                var word = generator.next()
                withUnsafeBytes(of: &word) { word in
                    for offset in 0..<min(8, count - index) { buffer[index + offset] = word[offset] }
                }
            }
            filled = count
        }
    }

    private static func digested(_ contents: [[UInt8]], in folder: String) throws -> [Blob] {
        let scratch = "\(folder)/digests"
        try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        for (index, bytes) in contents.enumerated() {
            try Data(bytes).write(to: URL(fileURLWithPath: "\(scratch)/\(index)"))
        }
        let listing = try execute("sh", ["-c", "seq 0 \(contents.count - 1) | xargs sha256sum"], in: scratch)
        let digests = listing.split(separator: "\n").map { "sha256:\($0.prefix(64))" }
        guard digests.count == contents.count else { throw BenchmarkFailure("sha256sum gave too few digests") }
        return zip(digests, contents).map { Blob(digest: $0, bytes: $1) }
    }
}
