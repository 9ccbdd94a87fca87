// SPDX-License-Identifier: Apache-2.0

/// Why bytes are not a manifest that Haven takes. Fields are named by their path, as `layers[3].digest`.
package enum ManifestError: Error, Hashable {
    case tooLarge(bytes: Int)
    case invalidJSON(JSONError)
    case notAnObject
    /// The Docker format of before 2016, which no hash protects as a whole.
    case schema1
    case unsupportedSchemaVersion
    /// No header and no field says what this is.
    case mediaTypeMissing
    case unsupportedMediaType(String)
    case mediaTypeMismatch(header: String, body: String)
    case missing(field: String)
    case invalid(field: String, need: String)
    case tooMany(field: String, limit: Int)
    /// A field of the other kind of manifest: some readers would see an image here and others an index.
    case foreignField(String, kind: Manifest.Kind)
    /// A field that some JSON readers take for a field of the specification, and others do not.
    case misspelled(field: String, meant: String)
    /// The sizes of all layers together exceed what a number can hold.
    case sizeOverflow

    /// One sentence for the person who pushed.
    package var message: String {
        switch self {
        case .tooLarge(let bytes): "the manifest has \(bytes) bytes; at most \(Manifest.byteLimit) are accepted"
        case .invalidJSON(let error): "the manifest is not valid JSON: \(error.message)"
        case .notAnObject: "the manifest is not a JSON object"
        case .schema1: "Docker schema 1 manifests are not supported; push the image again with a current client"
        case .unsupportedSchemaVersion: "schemaVersion must be the number 2"
        case .mediaTypeMissing: "neither the Content-Type header nor the field mediaType says what this manifest is"
        case .unsupportedMediaType(let type):
            "the media type \"\(type.prefix(200))\" is not a manifest; push an OCI image manifest or index, or a "
                + "Docker schema 2 manifest or manifest list"
        case .mediaTypeMismatch(let header, let body):
            "the Content-Type header says \(header) but the field mediaType says \(body.prefix(200)); send the manifest with "
                + "the Content-Type that its field says"
        case .missing(let field): "the field \(field) is missing"
        case .invalid(let field, let need): "the field \(field) must be \(need)"
        case .tooMany(let field, let limit): "the field \(field) has more than \(limit) entries"
        case .foreignField(let field, let kind):
            "the field \(field) does not belong in an \(kind == .image ? "image manifest" : "index")"
        case .misspelled(let field, let meant):
            "the field \(field.prefix(100)) is spelled like \(meant) but for its letter case; write \(meant)"
        case .sizeOverflow: "the sizes of the blobs add up to more than a 64-bit number holds"
        }
    }
}
