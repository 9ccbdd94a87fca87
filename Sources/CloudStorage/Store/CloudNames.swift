// SPDX-License-Identifier: Apache-2.0

package import BlobStorage

/// The names of an upload's objects. They look as those of the filesystem store do, so that a store can be moved.
package enum CloudNames {
    package static let prefix = "docker/registry/v2/haven"

    /// The object of one reserved number.
    package static func object(_ base: String, _ number: Int) -> BlobLocation {
        BlobLocation(rawValue: "\(prefix)/\(base.prefix(2))/\(base)-\(number)")
    }

    /// The object that numbered parts of a multipart upload become.
    package static func joined(_ base: String) -> BlobLocation {
        BlobLocation(rawValue: "\(prefix)/\(base.prefix(2))/\(base)-m")
    }

    /// What all names of an upload begin with. No object has this name; a doomed one stands for open multipart uploads.
    package static func family(_ base: String) -> BlobLocation {
        BlobLocation(rawValue: "\(prefix)/\(base.prefix(2))/\(base)")
    }

    /// The objects of all reserved numbers.
    package static func objects(_ base: String, through number: Int) -> [DoomedObject] {
        number < 1 ? [] : (1...number).map { DoomedObject(object(base, $0)) }
    }
}

/// The place of a store inside its bucket or container: what stands before every location.
package struct KeySpace: Sendable {
    /// Empty, or ending in a slash.
    package let prefix: String

    /// - Parameter folder: As the setting `rootdirectory` or `prefix` has it, with or without slashes around it.
    package init(folder: String) {
        let names = folder.split(separator: "/")
        prefix = names.isEmpty ? "" : names.joined(separator: "/") + "/"
    }

    package func key(_ location: BlobLocation) -> String { prefix + location.rawValue }

    /// The location of a key; nil when the key lies elsewhere.
    package func location(_ key: String) -> BlobLocation? {
        guard key.hasPrefix(prefix) else { return nil }
        return BlobLocation(rawValue: String(key.dropFirst(prefix.count)))
    }
}
