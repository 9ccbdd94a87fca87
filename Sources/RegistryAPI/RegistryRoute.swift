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
        guard text.hasPrefix("/v2") else { throw .unknown }
        let rest = text.dropFirst(3)
        if rest.isEmpty || rest == "/" {
            self = .version
        } else if rest == "/_catalog" {
            self = .catalog
        } else if rest.utf8.first == UInt8(ascii: "/") {
            self = try Self.inRepository(rest.dropFirst())
        } else {
            throw .unknown
        }
    }

    /// The last segments say what, everything before them is the repository's name. Read from the end without making a
    /// list of segments: this runs in every request.
    private static func inRepository(_ path: Substring) throws(RouteError) -> RegistryRoute {
        guard let (front, last) = cut(path), let (name, kind) = cut(front) else { throw .unknown }
        switch (kind, last) {
        case ("tags", "list"): return .tags(try repository(name))
        case ("blobs", "uploads"): return .uploads(try repository(name))
        case ("manifests", _): return .manifest(try repository(name), try reference(last))
        case ("blobs", _): return .blob(try repository(name), try digest(last))
        case ("referrers", _): return .referrers(try repository(name), try digest(last))
        case ("uploads", _):
            guard let (name, kind) = cut(name), kind == "blobs" else { throw .unknown }
            return try upload(try repository(name), last)
        default: throw .unknown
        }
    }

    /// What stands before the last slash, and what behind it.
    private static func cut(_ path: Substring) -> (front: Substring, last: Substring)? {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return nil }
        return (path[..<slash], path[path.utf8.index(after: slash)...])
    }

    private static func upload(_ name: RepositoryName, _ id: Substring) throws(RouteError) -> RegistryRoute {
        if id.isEmpty { return .uploads(name) }
        guard id.utf8.count == 32, id.utf8.allSatisfy(isHex) else { throw .uploadUnknown }
        return .upload(name, UploadID(rawValue: String(id)))
    }

    private static func repository(_ text: Substring) throws(RouteError) -> RepositoryName {
        guard let name = RepositoryName(text) else { throw .name(String(text)) }
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
    /// The parameters that say which page of a list is wanted are malformed.
    case page(String)
    /// The request needs a body length or type it did not send.
    case missingDigest
    /// The method does nothing here.
    case methodNotAllowed([String])
}
