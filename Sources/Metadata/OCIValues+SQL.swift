// SPDX-License-Identifier: Apache-2.0

package import OCI
package import SQLStorage

extension Digest: SQLBindable {
    /// The digest as clients write it, `sha256:<hex>`.
    package var sqlValue: SQLValue { .text(description) }
}

extension ProjectName: SQLBindable {
    package var sqlValue: SQLValue { .text(description) }
}

extension RepositoryName: SQLBindable {
    package var sqlValue: SQLValue { .text(description) }
}

extension Tag: SQLBindable {
    package var sqlValue: SQLValue { .text(description) }
}

extension SQLRow {
    /// The digest in a column; digests are written by this room only, so another text is a damaged database.
    func digest(_ column: Int) throws -> Digest {
        guard let digest = Digest(text(column)) else { throw MetadataError.damaged("digest \(text(column))") }
        return digest
    }

    /// The digest in a column that may be NULL.
    func optionalDigest(_ column: Int) throws -> Digest? {
        isNull(column) ? nil : try digest(column)
    }
}
