// SPDX-License-Identifier: Apache-2.0
package import Access
package import Metadata
package import OCI
import SQLStorage

/// One page of a list that is paged by key.
package struct Page<Element: Sendable>: Sendable {
    /// The rows, in order.
    package let items: [Element]
    /// Whether another page follows.
    package let hasMore: Bool

    /// Cuts the row off that was read beyond the page to learn whether there is one.
    init(_ rows: [Element], limit: Int) {
        items = Array(rows.prefix(limit))
        hasMore = rows.count > limit
    }
}

extension RegistryService {
    /// A page of a repository's tags in byte order.
    ///
    /// - Parameters:
    ///   - last: The name the page begins after; it need not exist.
    ///   - limit: The most names to return.
    package func tags(_ permit: Permit<Pull>, after last: String, limit: Int) async throws -> Page<String> {
        let (project, name) = (permit.project, permit.repository)
        return try await metadata.read(.pull) { transaction in
            guard let repository = try transaction.repository(name, in: project) else {
                throw RegistryError.nameUnknown(name)
            }
            return Page(try transaction.tagNames(in: repository, after: last, limit: limit + 1), limit: limit)
        }
    }

    /// A page of the manifests that name a digest as their subject; empty for a digest or repository nobody knows.
    package func referrers(
        of subject: Digest, _ permit: Permit<Pull>, artifactType: String?, after last: Digest?, limit: Int
    ) async throws -> Page<Referrer> {
        let (project, name) = (permit.project, permit.repository)
        return try await metadata.read(.pull) { transaction in
            guard let repository = try transaction.repository(name, in: project) else { return Page([], limit: limit) }
            let rows = try transaction.referrers(
                of: subject, in: repository, artifactType: artifactType, after: last, limit: limit + 1)
            return Page(rows, limit: limit)
        }
    }

    /// A page of the names of all repositories that hold something, in byte order.
    package func catalog(after last: String, limit: Int) async throws -> Page<String> {
        try await metadata.read(.administration) { transaction in
            Page(try transaction.repositories(after: last, limit: limit + 1).map(\.name), limit: limit)
        }
    }
}
