// SPDX-License-Identifier: Apache-2.0

package import OCI
import SQLStorage

/// A stored object as a backup copies it.
package struct StoredBlob: Sendable {
    package let digest: Digest
    /// In bytes.
    package let size: Int64
    package let location: String
}

extension MetadataTransaction {
    /// Takes out of a copied database what names objects that are not copied with it: uploads and what is condemned.
    ///
    /// Clients begin their uploads anew, as after any upload that expired.
    package func keepFinishedOnly() throws {
        for table: SQLFragment in ["upload_parts", "uploads", "doomed", "leases"] {
            try sql.run("DELETE FROM \(table)")
        }
    }

    /// A page of all blobs in order of their digests.
    package func storedBlobs(after last: Digest?, limit: Int) throws -> [StoredBlob] {
        try sql.rows(
            """
            SELECT digest, size, location FROM blobs WHERE digest > \(last?.description ?? "")
            ORDER BY digest LIMIT \(limit)
            """
        ).map { StoredBlob(digest: try $0.digest(0), size: $0.integer(1), location: $0.text(2)) }
    }
}
