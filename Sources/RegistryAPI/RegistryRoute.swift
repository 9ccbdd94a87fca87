// SPDX-License-Identifier: Apache-2.0
import HTTPSupport
package import Metadata
package import OCI

/// What a path under `/v2/` names: distribution-spec, "Endpoints".
///
/// Repository names contain slashes, so the router hands over everything under `/v2/` and this type decides. A text that
/// cannot be a name, tag or digest is refused here; nothing behind ever sees it.
package enum RegistryRoute: Sendable, Equatable {
    /// `/v2/`
    case version
    /// `/v2/_catalog`
    case catalog
    /// `/v2/<name>/tags/list`
    case tags(RepositoryName)
    /// `/v2/<name>/referrers/<digest>`
    case referrers(RepositoryName, Digest)
    /// `/v2/<name>/manifests/<reference>`
    case manifest(RepositoryName, Reference)
    /// `/v2/<name>/blobs/<digest>`
    case blob(RepositoryName, Digest)
    /// `/v2/<name>/blobs/uploads/`
    case uploads(RepositoryName)
    /// `/v2/<name>/blobs/uploads/<id>`
    case upload(RepositoryName, UploadID)

    /// Reads a request's path.
    ///
    /// - Parameter path: The path as it came, without the query.
    /// - Throws: ``RouteError`` with the specification's code for what is wrong.
    package init(path: String) throws(RouteError) {
        let text: String
        do {
            text = try PathText.path(path)
        } catch {
            throw .path(error.message)
        }
        var segments = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map(
            Substring.init)[...]
        guard segments.popFirst()?.isEmpty == true, segments.popFirst() == "v2" else { throw .unknown }
        if segments.isEmpty || segments.elementsEqual([""]) {
            self = .version
        } else if segments.elementsEqual(["_catalog"]) {
            self = .catalog
        } else {
            self = try Self.inRepository(segments)
        }
    }

    /// The last segments say what, everything before them is the repository's name.
    private static func inRepository(_ segments: ArraySlice<Substring>) throws(RouteError) -> RegistryRoute {
        let last = segments.last ?? ""
        let count = segments.count
        if count >= 3, last == "list", segments.dropLast().last == "tags" {
            return .tags(try name(segments.dropLast(2)))
        }
        if let found = try upload(segments) { return found }
        guard count >= 3, let kind = segments.dropLast().last else { throw .unknown }
        switch kind {
        case "manifests": return .manifest(try name(segments.dropLast(2)), try reference(last))
        case "blobs": return .blob(try name(segments.dropLast(2)), try digest(last))
        case "referrers": return .referrers(try name(segments.dropLast(2)), try digest(last))
        default: throw .unknown
        }
    }

    private static func upload(_ segments: ArraySlice<Substring>) throws(RouteError) -> RegistryRoute? {
        if segments.suffix(2).elementsEqual(["blobs", "uploads"]) {
            return .uploads(try name(segments.dropLast(2)))
        }
        guard segments.count >= 4, segments.dropLast().suffix(2).elementsEqual(["blobs", "uploads"]) else { return nil }
        let name = try name(segments.dropLast(3))
        guard let id = segments.last, !id.isEmpty else { return .uploads(name) }
        guard id.utf8.count == 32, id.utf8.allSatisfy(isHex) else { throw .uploadUnknown }
        return .upload(name, UploadID(rawValue: String(id)))
    }

    private static func name(_ segments: ArraySlice<Substring>) throws(RouteError) -> RepositoryName {
        let text = segments.joined(separator: "/")
        guard let name = RepositoryName(text) else { throw .name(text) }
        return name
    }

    private static func reference(_ text: Substring) throws(RouteError) -> Reference {
        if let reference = Reference(text) { return reference }
        throw text.utf8.contains(UInt8(ascii: ":")) ? .digest(String(text)) : .tag(String(text))
    }

    private static func digest(_ text: Substring) throws(RouteError) -> Digest {
        guard let digest = Digest(text) else { throw .digest(String(text)) }
        return digest
    }

    private static func isHex(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"): true
        default: false
        }
    }
}

/// Why a path or a parameter names nothing this registry can have.
package enum RouteError: Error, Equatable {
    /// The path has no meaning here.
    case unknown
    /// The path cannot be read.
    case path(String)
    /// The repository name breaks the specification's grammar.
    case name(String)
    /// The tag breaks the specification's grammar.
    case tag(String)
    /// The digest is malformed, or of an algorithm that is not sha256 or sha512.
    case digest(String)
    /// The text can be no upload's id.
    case uploadUnknown
    /// A parameter or header is malformed; the sentence says which and how.
    case malformed(String)
    /// The request needs a body length or type it did not send.
    case missingDigest
    /// The method does nothing here.
    case methodNotAllowed([String])
}
