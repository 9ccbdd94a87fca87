// SPDX-License-Identifier: Apache-2.0
package import Metadata
package import OCI

/// Something that happened to a repository, in the words of those who will be told.
package enum Event: Sendable {
    /// A manifest was pushed; `tag` is nil for a push by digest.
    case pushed(RepositoryName, Digest, tag: Tag?, version: Int64)
    /// A tag was deleted.
    case untagged(RepositoryName, Digest, tag: Tag, version: Int64)
    /// A manifest was deleted.
    case deleted(RepositoryName, Digest, version: Int64)
}

/// Writes events into the outbox, within the transaction of what they tell of.
///
/// An event exists exactly when its change does: both are one commit. Delivery is the work of others, later.
package struct EventRecorder {
    private let operation: String
    private let caller: String
    private let at: MetadataTransaction
    private var count = 0

    /// Begins the events of one request.
    ///
    /// - Parameters:
    ///   - operation: The request's identity, made before its first attempt; repeats of the request use the same.
    ///   - caller: Who asked, for audit.
    package init(operation: String, caller: String, in transaction: MetadataTransaction) {
        self.operation = operation
        self.caller = caller
        self.at = transaction
    }

    /// Writes one event.
    package mutating func record(_ event: Event) throws {
        try at.post(
            OutboxRow(
                operation: operation, index: count, subject: event.subject, subjectVersion: event.version,
                kind: event.kind,
                payload: event.payload(by: caller)))
        count += 1
    }
}

extension Event {
    fileprivate var kind: String {
        switch self {
        case .pushed: "PUSH_ARTIFACT"
        case .untagged: "DELETE_TAG"
        case .deleted: "DELETE_ARTIFACT"
        }
    }

    fileprivate var version: Int64 {
        switch self {
        case .pushed(_, _, _, let version), .untagged(_, _, _, let version), .deleted(_, _, let version): version
        }
    }

    /// What must be told in order: a tag, or a manifest without one.
    fileprivate var subject: String {
        switch self {
        case .pushed(let name, let digest, let tag, _): tag.map { "\(name):\($0)" } ?? "\(name)@\(digest)"
        case .untagged(let name, _, let tag, _): "\(name):\(tag)"
        case .deleted(let name, let digest, _): "\(name)@\(digest)"
        }
    }

    fileprivate func payload(by caller: String) -> String {
        var json = JSONWriter()
        json.beginObject()
        switch self {
        case .pushed(let name, let digest, let tag, _):
            json.write(name, digest, tag)
        case .untagged(let name, let digest, let tag, _):
            json.write(name, digest, tag)
        case .deleted(let name, let digest, _):
            json.write(name, digest, nil)
        }
        json.key("operator")
        json.string(caller)
        json.endObject()
        return String(decoding: json.bytes, as: UTF8.self)
    }
}

extension JSONWriter {
    fileprivate mutating func write(_ name: RepositoryName, _ digest: Digest, _ tag: Tag?) {
        key("repository")
        string(name.description)
        key("digest")
        string(digest.description)
        if let tag {
            key("tag")
            string(tag.description)
        }
    }
}
