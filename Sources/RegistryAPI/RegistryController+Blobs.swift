// SPDX-License-Identifier: Apache-2.0
import Access
import HTTPSupport
import HTTPTypes
import HummingbirdCore
import Metadata
import OCI
import Registry

extension RegistryController {
    /// `/v2/<name>/blobs/<digest>`: distribution-spec, "Pulling blobs", "Deleting Blobs".
    func blob(_ digest: Digest, in name: RepositoryName, _ inquiry: Inquiry) async throws -> Response {
        try inquiry.require(.get, .head, .delete)
        if inquiry.method == .delete {
            let permit = try await inquiry.permit(Delete.self, on: name)
            try await registry.deleteBlob(digest, permit)
            return Response(status: .accepted)
        }
        let permit = try await inquiry.permit(Pull.self, on: name)
        let blob = try await registry.blob(digest, permit, renewing: inquiry.method == .head)
        let text = digest.description
        var headers: HTTPFields = [
            .contentType: "application/octet-stream", .dockerContentDigest: text, .eTag: "\"\(text)\"",
        ]
        if blob.isStale || permit.isStale { headers.markStale() }
        if inquiry.method == .head {
            headers[.contentLength] = "\(blob.size)"
            headers[.acceptRanges] = "bytes"
            // Rows answer a HEAD; the store is asked by those who want the bytes.
            return Response(status: .ok, headers: headers)
        }
        if inquiry.request.headers[.ifNoneMatch] == nil, let address = await registry.redirect(to: blob) {
            // Docker's own registry answers so: the store serves the bytes, ranges included.
            return Response(
                status: .temporaryRedirect, headers: [.location: address, .dockerContentDigest: text])
        }
        let reader = try await registry.open(blob, permit)
        return await blobResponse(
            inquiry.request, inquiry.context, reader: reader, headers: headers, digest: digest
        ) { [registry] in
            await registry.suspect(blob)
        }
    }
}
