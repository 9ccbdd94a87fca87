// SPDX-License-Identifier: Apache-2.0
import BlobStorage
import HTTPTypes
import Metadata
import OCI
import Registry
import SQLStorage

extension RegistryError {
    /// The one place where registry errors become answers.
    func failure(uploadsPath: String?) -> RegistryFailure {
        switch self {
        case .nameUnknown(let name):
            RegistryFailure(.notFound, .nameUnknown, "no repository \(name) here; a push makes it")
        case .manifestUnknown(let reference):
            RegistryFailure(.notFound, .manifestUnknown, "no manifest \(reference) in this repository")
        case .tagUnknown(let tag):
            RegistryFailure(.notFound, .manifestUnknown, "no tag \(tag) in this repository")
        case .manifestInvalid(let error):
            RegistryFailure(.badRequest, .manifestInvalid, error.message)
        case .referencesMissing(let blobs, let manifests):
            RegistryFailure(
                .badRequest, .manifestBlobUnknown,
                "the manifest names content this repository does not hold; push it first",
                detail: (blobs + manifests).map(\.description))
        case .wrongSize(let digest, let stated, let actual):
            RegistryFailure(
                .badRequest, .sizeInvalid, "the manifest says that \(digest) has \(stated) bytes; it has \(actual)",
                detail: [digest.description])
        case .digestMismatch(let expected, let actual):
            RegistryFailure(
                .badRequest, .digestInvalid, "the content is \(actual), not \(expected); push it again",
                detail: [actual.description])
        case .blobUnknown(let digest):
            RegistryFailure(.notFound, .blobUnknown, "no blob \(digest) in this repository")
        case .blobInUse(let digest, let holders):
            RegistryFailure(
                .methodNotAllowed, .unsupported, "blob \(digest) is used; delete these manifests first",
                detail: holders.map(\.description))
        case .manifestInUse(let digest, let parents):
            RegistryFailure(
                .methodNotAllowed, .unsupported, "manifest \(digest) is part of these indexes; delete them first",
                detail: parents.map(\.description))
        case .uploadUnknown:
            RouteError.uploadUnknown.failure
        case .outOfOrder(let status):
            RegistryFailure(
                .rangeNotSatisfiable, .blobUploadInvalid,
                "the upload stands at \(status.offset) bytes; continue there",
                headers: status.headers(under: uploadsPath ?? ""))
        case .sizeMismatch(let expected, let actual):
            RegistryFailure(.badRequest, .sizeInvalid, "the request says \(expected) bytes and brings \(actual)")
        case .blobTooLarge(let limit):
            RegistryFailure(.contentTooLarge, .sizeInvalid, "a blob has at most \(limit) bytes here (max_blob_size)")
        case .tagImmutable(let tag):
            RegistryFailure(
                .preconditionFailed, .denied, "tag \(tag) is immutable by a rule of its project; use another tag")
        case .quotaExceeded(let used, let limit, let wanted):
            RegistryFailure(
                .forbidden, .denied,
                "the project's quota is exceeded: \(used) of \(limit) bytes are used and \(wanted) more are wanted")
        case .storageFull:
            RegistryFailure(
                .noRoom, .denied,
                "the registry's disk is full or in reserve; pulls go on, tell its administrator",
                headers: RegistryFailure.retryLater)
        case .storage(let error):
            RegistryFailure(
                .serviceUnavailable, .unavailable, "storage is not reachable; try again",
                headers: RegistryFailure.retryLater, cause: "\(error)")
        case .tooManyUploads:
            RegistryFailure(
                .tooManyRequests, .tooManyRequests, "too many uploads are open on this node; try again",
                headers: RegistryFailure.retryLater)
        case .bodyInterrupted(let error):
            RegistryFailure(.badRequest, .sizeInvalid, "the request's body ended early", cause: "\(error)")
        }
    }
}

extension SQLError {
    /// What a client hears when the database does not do its part.
    var failure: RegistryFailure {
        switch self {
        case .full(let cause):
            RegistryFailure(
                .noRoom, .denied,
                "the registry's disk is full; pulls go on, tell its administrator", headers: RegistryFailure.retryLater,
                cause: cause)
        case .conflict, .timeout, .overloaded, .unreachable, .readOnly, .outcomeUnknown:
            RegistryFailure(
                .serviceUnavailable, .unavailable, "the registry is busy; try again",
                headers: RegistryFailure.retryLater,
                cause: cause)
        case .duplicate, .foreignKey, .invalid:
            RegistryFailure(.internalServerError, .unknown, "internal server error", cause: "\(self)")
        }
    }
}

extension MetadataError {
    /// What a client hears when the rows do not let its request be.
    var failure: RegistryFailure {
        switch self {
        case .projectGone:
            RegistryFailure(.notFound, .nameUnknown, "the project is gone")
        case .raced(let what):
            RegistryFailure(
                .serviceUnavailable, .unavailable, "too many requests change the same thing; try again",
                headers: RegistryFailure.retryLater, cause: what)
        default:
            RegistryFailure(.internalServerError, .unknown, "internal server error", cause: "\(self)")
        }
    }
}

extension UploadStatus {
    /// The headers that tell a client where its upload stands.
    ///
    /// - Parameter path: The repository's uploads path, ending in a slash; `Location` is relative to the server.
    func headers(under path: String) -> HTTPFields {
        [
            .location: path + id.rawValue,
            .range: range,
            .dockerUploadUUID: id.rawValue,
        ]
    }
}

extension HTTPResponse.Status {
    /// 507: the store cannot take more. RFC 4918, section 11.5.
    static let noRoom = HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage")
}
