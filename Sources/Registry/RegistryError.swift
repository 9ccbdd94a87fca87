// SPDX-License-Identifier: Apache-2.0
package import BlobStorage
package import OCI

/// Why the registry did not do what was asked. Whatever case is thrown, nothing of the request has happened,
/// except that bytes of an upload which arrived and were published stay published.
package enum RegistryError: Error {
    /// The repository does not exist.
    case nameUnknown(RepositoryName)
    /// No manifest of this reference is in the repository.
    case manifestUnknown(Reference)
    /// The bytes are no manifest this registry takes.
    case manifestInvalid(ManifestError)
    /// A manifest names blobs or manifests which this repository does not hold.
    case referencesMissing(blobs: [Digest], manifests: [Digest])
    /// A manifest states another size than the blob it names has, both in bytes.
    case wrongSize(Digest, stated: Int64, actual: Int64)
    /// The content is not what its digest says.
    case digestMismatch(expected: Digest, actual: Digest)
    /// No blob of this digest is linked into the repository.
    case blobUnknown(Digest)
    /// The blob is referenced by these manifests of the repository.
    case blobInUse(Digest, by: [Digest])
    /// The manifest is a child of these indexes of the repository.
    case manifestInUse(Digest, by: [Digest])
    /// No such upload is open for this caller in this repository.
    case uploadUnknown
    /// The chunk does not begin where the upload stands; `offset` bytes are received.
    case outOfOrder(UploadStatus)
    /// A body is longer or shorter than the request said.
    case sizeMismatch(expected: Int64, actual: Int64)
    /// The blob is longer than this registry takes, in bytes.
    case blobTooLarge(limit: Int64)
    /// The tag is immutable by a rule of its project and points to another manifest.
    case tagImmutable(Tag)
    /// The tag does not exist in the repository.
    case tagUnknown(Tag)
    /// The project's quota has no room.
    case quotaExceeded(used: Int64, limit: Int64, wanted: Int64)
    /// The store has no room, or keeps the rest in reserve.
    case storageFull
    /// The store failed.
    case storage(BlobStorageError)
    /// Too many uploads are open on this node.
    case tooManyUploads
    /// The connection ended before the body did.
    case bodyInterrupted(any Error)
}
