// SPDX-License-Identifier: Apache-2.0
import Metadata
import OCI
import RegistryAPI
import Testing

@Suite("paths under /v2/")
struct RegistryRouteTests {
    private static let hex = String(repeating: "ab", count: 32)
    private static let id = String(repeating: "0f", count: 16)

    @Test(
        "each path of the specification has one meaning",
        arguments: [
            ("/v2", "version"), ("/v2/", "version"), ("/v2/_catalog", "catalog"),
            ("/v2/a/b/tags/list", "tags a/b"), ("/v2/a/tags/list/tags/list", "tags a/tags/list"),
            ("/v2/a/b/manifests/latest", "manifest a/b latest"),
            ("/v2/a/b/c/manifests/sha256:\(hex)", "manifest a/b/c sha256:\(hex)"),
            ("/v2/a/b/manifests/sha256%3A\(hex)", "manifest a/b sha256:\(hex)"),
            ("/v2/a/manifests/manifests/v1", "manifest a/manifests v1"),
            ("/v2/a/b/blobs/sha256:\(hex)", "blob a/b sha256:\(hex)"),
            ("/v2/a/b/referrers/sha256:\(hex)", "referrers a/b sha256:\(hex)"),
            ("/v2/a/b/blobs/uploads/", "uploads a/b"), ("/v2/a/b/blobs/uploads", "uploads a/b"),
            ("/v2/a/blobs/uploads/blobs/uploads/", "uploads a/blobs/uploads"),
            ("/v2/a/b/blobs/uploads/\(id)", "upload a/b \(id)"),
        ])
    func meaning(_ path: String, _ expected: String) throws {
        #expect(try words(RegistryRoute(path: path)) == expected)
    }

    @Test(
        "what can be no name, tag, digest or upload is refused before anything looks for it",
        arguments: [
            ("/v2/A/b/tags/list", "NAME_INVALID"), ("/v2/a/tags/list", "NAME_INVALID"),
            ("/v2/a//b/tags/list", "NAME_INVALID"), ("/v2/a/../b/tags/list", "NAME_INVALID"),
            ("/v2/a/%2e%2e/tags/list", "NAME_INVALID"), ("/v2/a%2fb/tags/list", "NAME_INVALID"),
            ("/v2/a/b%00/tags/list", "NAME_INVALID"), ("/v2/a/b%zz/tags/list", "NAME_INVALID"),
            ("/v2/a/\(String(repeating: "x", count: 300))/tags/list", "NAME_INVALID"),
            ("/v2/a/b/manifests/.bad", "TAG_INVALID"), ("/v2/a/b/manifests/", "TAG_INVALID"),
            ("/v2/a/b/manifests/\(String(repeating: "t", count: 129))", "TAG_INVALID"),
            ("/v2/a/b/manifests/sha256:baddigeststring", "DIGEST_INVALID"),
            ("/v2/a/b/blobs/md5:\(hex)", "DIGEST_INVALID"), ("/v2/a/b/blobs/SHA256:\(hex)", "DIGEST_INVALID"),
            ("/v2/a/b/blobs/sha256:\(hex.uppercased())", "DIGEST_INVALID"),
            ("/v2/a/b/blobs/sha512:\(hex)", "DIGEST_INVALID"), ("/v2/a/b/referrers/latest", "DIGEST_INVALID"),
            ("/v2/a/b/blobs/uploads/not-an-id", "BLOB_UPLOAD_UNKNOWN"),
            ("/v2/a/b/nothing", "UNSUPPORTED"), ("/v2/a/b/manifests", "UNSUPPORTED"), ("/v3/", "UNSUPPORTED"),
        ])
    func refusal(_ path: String, _ code: String) {
        do {
            _ = try RegistryRoute(path: path)
            Issue.record("\(path) was read as something")
        } catch {
            #expect(error.code == code)
        }
    }

    private func words(_ route: RegistryRoute) -> String {
        switch route {
        case .version: "version"
        case .catalog: "catalog"
        case .tags(let name): "tags \(name)"
        case .referrers(let name, let digest): "referrers \(name) \(digest)"
        case .manifest(let name, let reference): "manifest \(name) \(reference)"
        case .blob(let name, let digest): "blob \(name) \(digest)"
        case .uploads(let name): "uploads \(name)"
        case .upload(let name, let id): "upload \(name) \(id.rawValue)"
        }
    }
}
