// SPDX-License-Identifier: Apache-2.0

import Foundation
import OCI

/// Where things are in a backup's folder.
struct BackupLayout: Sendable {
    let folder: String

    /// What the backup holds, written last: a folder without it holds no finished backup.
    var summary: String { "\(folder)/backup.json" }
    /// The database.
    var database: String { "\(folder)/haven.db" }
    /// One line for each object: size, digest, location.
    var list: String { "\(folder)/objects" }
    /// The key that opens what is encrypted in the database.
    var secretKey: String { "\(folder)/secretkey" }
    /// The store: objects at their locations.
    var store: String { "\(folder)/registry" }
}

/// What `backup.json` says.
package struct BackupSummary: Sendable, Equatable {
    /// The form of the backup.
    static let format: Int64 = 1

    /// The version of Haven that made it, in words.
    package let madeBy: String
    /// When it was begun, in microseconds since 1970.
    package let madeAt: Int64
    /// How many objects it holds.
    package var objects: Int64 = 0
    /// Their size in bytes.
    package var objectBytes: Int64 = 0
    /// Blobs whose object was missing already when the backup was made.
    package var missing: Int64 = 0
    var database: BackupDigest
    var list: BackupDigest

    /// The text of `backup.json`.
    var json: [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.member("format", Self.format)
        json.member("made_by", madeBy)
        json.member("made_at", RFC3339.string(microseconds: madeAt))
        json.member("objects", objects)
        json.member("object_bytes", objectBytes)
        json.member("missing_objects", missing)
        for (name, file) in [("database", database), ("object_list", list)] {
            json.key(name)
            json.beginObject()
            json.member("bytes", file.size)
            json.member("digest", file.digest.description)
            json.endObject()
        }
        json.endObject()
        return json.bytes + [UInt8(ascii: "\n")]
    }

    /// Reads `backup.json`.
    ///
    /// - Throws: ``BackupError/noBackup(_:)`` and ``BackupError/unknownFormat(_:_:)``.
    static func read(_ layout: BackupLayout) throws(BackupError) -> BackupSummary {
        guard let data = FileManager.default.contents(atPath: layout.summary), data.count < 1 << 20,
            let json = try? JSONValue(parsing: Array(data)), let format = json["format"]?.integer
        else { throw .noBackup(layout.folder) }
        guard format == Self.format else { throw .unknownFormat(layout.folder, format) }
        guard let madeBy = json["made_by"]?.string, let objects = json["objects"]?.integer,
            let madeAt = json["made_at"]?.string.flatMap({ RFC3339.microseconds($0) }),
            let bytes = json["object_bytes"]?.integer, let missing = json["missing_objects"]?.integer,
            let database = BackupDigest(json["database"]), let list = BackupDigest(json["object_list"])
        else { throw .noBackup(layout.folder) }
        return BackupSummary(
            madeBy: madeBy, madeAt: madeAt, objects: objects, objectBytes: bytes, missing: missing,
            database: database, list: list)
    }
}

extension BackupDigest {
    fileprivate init?(_ json: JSONValue?) {
        guard let size = json?["bytes"]?.integer, let digest = json?["digest"]?.string.flatMap({ Digest($0) }) else {
            return nil
        }
        self.init(size: size, digest: digest)
    }
}

/// One line of a backup's list of objects.
struct BackupObject: Sendable {
    /// In bytes.
    let size: Int64
    let digest: Digest
    let location: String

    init(size: Int64, digest: Digest, location: String) {
        self.size = size
        self.digest = digest
        self.location = location
    }

    var line: String { "\(size) \(digest) \(location)\n" }

    /// Reads a line; nil when it is malformed.
    init?(line: Substring) {
        let words = line.split(separator: " ", maxSplits: 2)
        guard words.count == 3, let size = Int64(words[0]), let digest = Digest(words[1]) else { return nil }
        self.init(size: size, digest: digest, location: String(words[2]))
    }

    /// Shows every object of a list, a line in memory at a time.
    ///
    /// - Throws: ``BackupError/damaged(_:)`` for a malformed line; what `visit` throws.
    static func forEach(in path: String, _ visit: (BackupObject) throws -> Void) throws {
        guard let file = fopen(path, "re") else { throw BackupError.call("open", path) }
        defer { fclose(file) }
        var line: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { free(line) }
        while getline(&line, &capacity, file) > 0, let line {
            guard let object = BackupObject(line: Substring(String(cString: line)).dropLast()) else {
                throw BackupError.damaged(path)
            }
            try visit(object)
        }
        guard ferror(file) == 0 else { throw BackupError.call("read", path) }
    }
}
