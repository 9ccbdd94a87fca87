// SPDX-License-Identifier: Apache-2.0

/// An object that no row needs any more, or that may exist because its name was reserved.
package struct DoomedObject: Hashable, Sendable {
    /// What has to be deleted.
    package enum Kind: String, Sendable, CaseIterable {
        /// One object at the location.
        case object
        /// A manifest object and the segments it names.
        case segmented
        /// An open multipart upload, to be aborted; its id is in the detail.
        case multipart
    }

    package var location: BlobLocation
    package var kind: Kind
    /// What the driver needs besides the name; empty for plain objects.
    package var detail: String

    package init(_ location: BlobLocation, kind: Kind = .object, detail: String = "") {
        self.location = location
        self.kind = kind
        self.detail = detail
    }
}

/// What became of one doomed object.
package enum DeleteOutcome: Hashable, Sendable {
    /// It is not there any more, durably; whether it ever was is not told.
    case gone
    /// It may still be there; try again later.
    case failed(BlobStorageError)
}
