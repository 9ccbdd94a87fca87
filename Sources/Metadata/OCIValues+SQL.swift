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
