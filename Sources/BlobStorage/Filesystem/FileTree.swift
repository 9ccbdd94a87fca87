// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The folders of a store: `docker/registry/v2/haven/<2 hex>/<name>` below its root. Every call blocks.
struct FileTree: Sendable {
    static let prefix = "docker/registry/v2/haven"
    private static let marker = ".complete"

    let root: String
    private let flushes = GroupedFlush(lanes: 256)

    /// Makes the folders, once: a marker that is made last tells later starts that all of them are durable.
    init(root: String) throws(BlobStorageError) {
        self.root = root.count > 1 && root.hasSuffix("/") ? String(root.dropLast()) : root
        let marker = "\(folder)/\(Self.marker)"
        if access(marker, F_OK) == 0 { return }
        try makeFolders(upTo: folder)
        for lane in 0..<256 { try Self.make("\(folder)/\(Self.hex(lane))") }
        for lane in 0..<256 { try Self.flush("\(folder)/\(Self.hex(lane))") }
        try Self.flush(folder)
        let descriptor = retrying { Glibc.open(marker, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600) }
        guard descriptor >= 0 else { throw .beforeWriting("create marker") }
        close(descriptor)
        try Self.flush(folder)
    }

    private var folder: String { "\(root)/\(Self.prefix)" }

    /// The 256 folders with their lanes, in order.
    var lanes: [(path: String, prefix: String)] {
        (0..<256).map { ("\(folder)/\(Self.hex($0))", "\(Self.prefix)/\(Self.hex($0))") }
    }

    static func location(_ base: String, _ number: Int) -> BlobLocation {
        BlobLocation(rawValue: "\(prefix)/\(base.prefix(2))/\(base)-\(number)")
    }

    func path(_ location: BlobLocation) throws(BlobStorageError) -> String {
        guard location.isWellFormed else { throw .invalid("malformed location") }
        return "\(root)/\(location)"
    }

    /// Makes the folder of a location again when somebody removed it, as copies without empty folders do.
    func remakeFolder(of location: BlobLocation) throws(BlobStorageError) {
        try Self.make(parent(of: location))
        try Self.flush(folder)
    }

    /// Flushes the folder of a location, together with everyone who waits for the same.
    func flushFolder(of location: BlobLocation) throws(BlobStorageError) {
        let parent = parent(of: location)
        let code = lane(of: location).map { flushes.flush($0) { flushDirectory(parent) } } ?? flushDirectory(parent)
        guard code == 0 else { throw .afterWriting("fsync folder", code) }
    }

    /// Two locations with the same key stand in one folder.
    func folderKey(of location: BlobLocation) -> Substring {
        location.rawValue[..<(location.rawValue.lastIndex(of: "/") ?? location.rawValue.startIndex)]
    }

    private func parent(of location: BlobLocation) -> String { "\(root)/\(folderKey(of: location))" }

    private func lane(of location: BlobLocation) -> Int? {
        let key = folderKey(of: location)
        guard key.hasPrefix(Self.prefix), key.utf8.count == Self.prefix.utf8.count + 3 else { return nil }
        return Int(key.suffix(2), radix: 16)
    }

    private func makeFolders(upTo path: String) throws(BlobStorageError) {
        var parent = path.hasPrefix("/") ? "/" : "."
        for name in path.split(separator: "/") {
            let child = parent == "/" ? "/\(name)" : "\(parent)/\(name)"
            if access(child, F_OK) != 0 {
                try Self.make(child)
                try Self.flush(parent)
            }
            parent = child
        }
    }

    private static func make(_ path: String) throws(BlobStorageError) {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw .beforeWriting("mkdir") }
    }

    private static func flush(_ path: String) throws(BlobStorageError) {
        let code = flushDirectory(path)
        guard code == 0 else { throw .afterWriting("fsync folder", code) }
    }

    private static func hex(_ lane: Int) -> String { (lane < 16 ? "0" : "") + String(lane, radix: 16) }
}
