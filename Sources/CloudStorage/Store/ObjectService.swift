// SPDX-License-Identifier: Apache-2.0

package import BlobStorage

/// What the API of a vendor can do, in the few words that ``CloudBlobStore`` needs. A driver is one of these.
///
/// Every call may be repeated: names are used once, and a repeated request finds or makes the same. Retries, deadlines and
/// errors come with ``CloudTransport``. Locations are relative; the service puts its own prefix before them, and takes it
/// off again when it lists.
package protocol ObjectService: Sendable {
    /// The driver's name in the settings: `s3`.
    var name: String { get }

    /// What the store demands of parts.
    var rules: ObjectRules { get }

    /// Stores an object and returns what the store calls this content: an ETag, or whatever the driver needs later.
    func put(_ bytes: SpooledBytes, at location: BlobLocation) async throws(BlobStorageError) -> String

    /// The size of an object in bytes; nil when the store says, and says again where it may lag, that there is none.
    func size(of location: BlobLocation) async throws(BlobStorageError) -> Int64?

    /// The bytes of an object from `offset` to its end, as they come.
    ///
    /// - Throws: ``BlobStorageError/notFound``.
    func read(_ location: BlobLocation, from offset: Int64) async throws(BlobStorageError) -> ObjectStream

    /// Deletes objects, with one outcome for each, in order; all locations are well formed. An absent object is gone.
    func delete(_ objects: [DoomedObject]) async -> [DeleteOutcome]

    /// A page of all objects of the store, and where the next page begins; `mark` is nil for the first.
    func list(after mark: String?) async throws(BlobStorageError) -> ObjectPage

    /// An address that shows an object to whoever has it, for a while; nil when the store has none, or no key for it.
    func signedURL(of location: BlobLocation) async -> String?

    /// Whether a published part can stay as it is when more parts follow. One that cannot, such as an object where only
    /// numbered parts can be joined, is read back and sent again as the head of the next part.
    func isPiece(_ part: UploadPart) -> Bool

    /// Stores one of several parts of an upload, never the only one.
    ///
    /// - Parameters:
    ///   - number: Reserved for this call alone.
    ///   - state: The driver's state of the upload as last published; empty at first.
    /// - Returns: The part's name, what the store answered for it, and the state to publish with it.
    func putPiece(
        _ bytes: SpooledBytes, number: Int, base: String, state: String
    ) async throws(BlobStorageError) -> StoredPiece

    /// Joins pieces into one object: in order, without gaps, none empty, every one with ``isPiece(_:)``.
    ///
    /// May be repeated, also after an answer that was lost, and by another process under another number.
    ///
    /// - Parameters:
    ///   - number: Reserved for this call alone, for a name if the service needs one.
    func join(
        _ pieces: [UploadPart], base: String, number: Int, state: String
    ) async throws(BlobStorageError) -> JoinedObject

    /// Everything an upload may have made, except that objects are named once. See ``BlobStore/reservedLocations(base:through:driver:)``.
    func reserved(base: String, through number: Int, state: String) -> [DoomedObject]

    /// Ends connections.
    func close() async
}

/// What a store demands of objects and parts.
package struct ObjectRules: Sendable {
    /// A piece is at least so long, in bytes, unless it is the last one. Shorter tails become objects of their own.
    package var smallestPiece: Int64
    /// How long a part is at first, in bytes.
    package var partBytes: Int64
    /// A part is twice as long after each so many numbers.
    package var doublingEvery: Int
    /// The highest number a piece may have.
    package var highestNumber: Int
    /// No single request may bring more, in bytes.
    package var largestObject: Int64
    /// The checksums the service sends with a body.
    package var checksums: Checksums
    /// Whether a tail is sent, when its upload ends, under the number it was kept under and not under a new one.
    ///
    /// Where parts are numbers of one multipart upload, two processes that end it then send the same part, and neither leaves
    /// one behind that the other does not name: Ceph's gateway completes nothing but all parts it has.
    package var reusesTailNumber: Bool

    package init(
        smallestPiece: Int64, partBytes: Int64 = 16 << 20, doublingEvery: Int = 1_000, highestNumber: Int = 10_000,
        largestObject: Int64 = 5 << 30, checksums: Checksums, reusesTailNumber: Bool = false
    ) {
        self.smallestPiece = smallestPiece
        self.partBytes = partBytes
        self.doublingEvery = doublingEvery
        self.highestNumber = highestNumber
        self.largestObject = largestObject
        self.checksums = checksums
        self.reusesTailNumber = reusesTailNumber
    }

    /// How long the part with a number shall be. Growth keeps the number of parts below what stores take.
    package func length(of number: Int) -> Int64 {
        min(partBytes << Int64(min(max(number - 1, 0) / max(doublingEvery, 1), 16)), largestObject)
    }
}

/// A part that a store has.
package struct StoredPiece: Sendable {
    package var name: String
    package var etag: String
    package var state: String

    package init(name: String, etag: String, state: String) {
        self.name = name
        self.etag = etag
        self.state = state
    }
}

/// What became of pieces.
package struct JoinedObject: Sendable {
    package var location: BlobLocation
    /// Whether somebody else may have joined before: then the bytes must be read once before they are believed.
    package var isDoubtful: Bool
    /// The objects it consists of from now on, which must stay as long as it does.
    package var members: [BlobLocation]

    package init(_ location: BlobLocation, isDoubtful: Bool = false, members: [BlobLocation] = []) {
        self.location = location
        self.isDoubtful = isDoubtful
        self.members = members
    }
}

/// The bytes of an object on their way, and the object's whole size.
package struct ObjectStream: Sendable {
    /// The size of the whole object, in bytes, whatever the offset.
    package var size: Int64
    package var bytes: CloudStream

    package init(size: Int64, bytes: CloudStream) {
        self.size = size
        self.bytes = bytes
    }

    /// Reads the head of an answer to a GET: 200 for the whole, 206 for the rest from an offset.
    ///
    /// - Throws: ``BlobStorageError/lost(_:)`` when the answer does not say how long the object is, or begins elsewhere.
    package init(_ answer: CloudAnswer, from offset: Int64) throws(BlobStorageError) {
        bytes = answer.stream()
        if answer.status == 206, let range = answer.header("content-range") {
            // "bytes 5-9/10": RFC 9110, section 14.4.
            let numbers = range.split { " -/".contains($0) }.dropFirst().map { Int64($0) }
            guard numbers.count == 3, numbers[0] == offset, let whole = numbers[2] else {
                throw .lost("the store answered with the range '\(range.prefix(100))'")
            }
            size = whole
        } else {
            guard offset == 0, let length = answer.contentLength else {
                throw .lost("the store ignored the range, or did not say the length")
            }
            size = length
        }
    }
}

/// A page of a listing.
package struct ObjectPage: Sendable {
    package struct Entry: Sendable {
        package var location: BlobLocation
        /// In bytes.
        package var size: Int64
        /// When it was written, in microseconds since 1970.
        package var modified: Int64

        package init(location: BlobLocation, size: Int64, modified: Int64) {
            self.location = location
            self.size = size
            self.modified = modified
        }
    }

    package var entries: [Entry]
    /// Where the next page begins; nil after the last.
    package var next: String?

    package init(entries: [Entry], next: String?) {
        self.entries = entries
        self.next = next
    }
}
