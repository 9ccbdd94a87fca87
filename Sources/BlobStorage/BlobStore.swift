// SPDX-License-Identifier: Apache-2.0

package import NIOCore
package import OCI

/// A place that keeps bytes under names which are used once, ever.
///
/// The protocol is made for files and for object stores alike. An upload is a list of immutable parts, each written
/// by one process; names are reserved in the database before the object can exist; bytes are durable before a row
/// names them. No call renames, overwrites or shares an object, so every call can be repeated after a crash, and a
/// stray repetition hits only garbage.
///
/// A driver holds no truth of its own: which copy counts, which upload is open and what may be deleted are rows.
package protocol BlobStore: Sendable {
    /// The driver's short name, as in the settings: `filesystem`, `memory`.
    var name: String { get }

    /// A name prefix nobody used before and nobody can guess, for one upload.
    func newBase() -> String

    /// Opens part `number` of an upload for writing. Its first byte will stand at `start`, the end of `plan`.
    ///
    /// The number must have been reserved for this caller alone. The object itself may be made as late as the first
    /// ``BlobPartWriter/publish()``.
    ///
    /// - Throws: ``BlobStorageError/full`` when the store is known to have less room than its reserve.
    func beginPart(
        _ number: Int, of plan: UploadPlan, at start: Int64
    ) async throws(BlobStorageError) -> any BlobPartWriter

    /// Makes one durable object of the published parts.
    ///
    /// A single part that was sealed is the blob as it stands, without a copy. Everything else is put together under
    /// the reserved `number`; no parts at all give an empty blob. May be repeated with another number.
    ///
    /// - Parameters:
    ///   - plan: The parts, in order and without gaps.
    ///   - number: A number reserved for this call alone.
    ///   - hashing: When given, the stored bytes are read back and digested.
    /// - Throws: ``BlobStorageError/lost(_:)`` when a part is missing or shorter than its row says.
    func assemble(
        _ plan: UploadPlan, asNumber number: Int, hashing: Digest.Algorithm?
    ) async throws(BlobStorageError) -> AssembledBlob

    /// The blob that a plan is as it stands: its one part was sealed, is an object of its own and has all the bytes.
    /// Nil when the parts must be put together. Asks nobody.
    func finished(_ plan: UploadPlan) -> BlobLocation?

    /// Whether the store compared what it received with a checksum and puts parts together without moving bytes through
    /// this process. Then an unbroken running hash is proof enough, and nothing must be read back.
    var verifiesParts: Bool { get }

    /// Every object an upload may have made: what must be doomed when it ends, except the blob it became.
    ///
    /// - Parameters:
    ///   - base: The upload's name prefix.
    ///   - number: The highest number that was reserved; numbers begin at 1.
    ///   - driver: The driver's state as last published.
    func reservedLocations(base: String, through number: Int, driver: String) -> [DoomedObject]

    /// Opens a stored object for reading.
    ///
    /// - Throws: ``BlobStorageError/notFound`` when there is none.
    func open(_ location: BlobLocation) async throws(BlobStorageError) -> any BlobReader

    /// An address under which a client may read the object directly for a while, with nothing but the address.
    ///
    /// - Returns: Nil when the store cannot, or shall not, serve clients itself.
    func redirect(to location: BlobLocation) async -> String?

    /// Deletes objects, with one outcome for each, in order. An absent object is a success.
    func delete(_ objects: [DoomedObject]) async -> [DeleteOutcome]

    /// The size of a stored object in bytes; nil when there is none. For the checker.
    func size(of location: BlobLocation) async throws(BlobStorageError) -> Int64?

    /// Shows every stored object: its location, its size in bytes, and when it was last written, in microseconds
    /// since 1970. For the checker and the sweep for orphans; objects that come or go meanwhile may be missed.
    func list(_ visit: (BlobLocation, _ size: Int64, _ modified: Int64) async throws -> Void) async throws

    /// The room left; nil when the store has no limit that it tells.
    func space() async -> StorageSpace?

    /// Writes, flushes, reads back and deletes a small object: proof that the store works now.
    func probe() async throws(BlobStorageError)

    /// Ends the driver's own threads and connections. Nothing may be called afterwards.
    func close() async
}

extension BlobStore {
    package func redirect(to location: BlobLocation) async -> String? { nil }

    package var verifiesParts: Bool { false }

    /// Reads an object from its first byte to its last and digests it.
    ///
    /// - Throws: ``BlobStorageError/lost(_:)`` when it is shorter than it said.
    package func digest(
        of location: BlobLocation, _ algorithm: Digest.Algorithm
    ) async throws(BlobStorageError) -> Digest {
        let reader = try await open(location)
        var hasher = DigestHasher(algorithm)
        do throws(BlobStorageError) {
            var offset: Int64 = 0
            while offset < reader.size {
                let bytes = try await reader.read(at: offset, upTo: 256 << 10)
                guard bytes.readableBytes > 0 else { throw .lost("\(location) is shorter than it was") }
                bytes.withUnsafeReadableBytes { hasher.update($0) }
                offset += Int64(bytes.readableBytes)
            }
        } catch {
            await reader.close()
            throw error
        }
        await reader.close()
        return hasher.finish()
    }
}

/// Writes one part of an upload. It has one owner at a time, who awaits each call before the next.
///
/// After any error the part is poisoned: every later call throws the same error, and the owner abandons it.
package protocol BlobPartWriter: AnyObject, Sendable {
    /// Takes bytes behind those taken before. Returns at once while there is room; else it waits for the store.
    func write(_ bytes: ByteBuffer) async throws(BlobStorageError)

    /// Makes bytes durable and says which; the writer stays usable, and later answers show the same part grown.
    ///
    /// A store that keeps only whole parts may cover less than what was taken, or nothing; ``seal()`` always covers
    /// everything. The part may begin before the end of the plan it was begun for: then it replaces that plan's tail.
    func publish() async throws(BlobStorageError) -> UploadPart

    /// Makes all bytes durable and ends the part.
    func seal() async throws(BlobStorageError) -> UploadPart

    /// Ends the part without a promise for bytes that were not published. Its name stays reserved, to be doomed.
    func abandon() async

    /// The driver's state as it must be stored with the part that was published last.
    var driver: String { get }

    /// True when the store would rather have this part sealed and the next one begun.
    var isFilled: Bool { get }
}

/// Reads one stored object, whatever happens to its name meanwhile.
package protocol BlobReader: Sendable {
    /// The object's size in bytes when it was opened.
    var size: Int64 { get }

    /// The descriptor of a regular file with exactly these bytes, for `sendfile`, valid until ``close()``;
    /// nil when the bytes are not in a file.
    var descriptor: Int32? { get }

    /// Reads up to `count` bytes, fewer only at the end of the object. Does not block the calling thread.
    ///
    /// - Throws: ``BlobStorageError/lost(_:)`` when the object turns out shorter than it was.
    func read(at offset: Int64, upTo count: Int) async throws(BlobStorageError) -> ByteBuffer

    /// Reads what is there soonest: at least one byte, unless the object ends or `count` is 0, and up to `count` bytes.
    ///
    /// - Throws: As ``read(at:upTo:)``.
    func readSome(at offset: Int64, upTo count: Int) async throws(BlobStorageError) -> ByteBuffer

    /// Releases the object. Closing twice does nothing.
    func close() async
}

extension BlobReader {
    package func readSome(at offset: Int64, upTo count: Int) async throws(BlobStorageError) -> ByteBuffer {
        try await read(at: offset, upTo: count)
    }
}
