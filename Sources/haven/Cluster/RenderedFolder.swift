// SPDX-License-Identifier: Apache-2.0

import Cluster
import FoundationEssentials

/// The folder that holds a rendering: one folder for each host, and a list of all files.
///
/// The list is how a rendering knows itself again. It is written before any file and shortened after the last, so that a
/// rendering that was broken off is brought to its end by the next.
struct RenderedFolder {
    /// What a rendering changed: paths below the folder, sorted.
    struct Change {
        let written: [String]
        let removed: [String]
    }

    private static let list = "rendered-files.txt"

    let path: String

    /// Makes the folder hold these files, and of an earlier rendering no others.
    ///
    /// - Throws: ``CommandFailure`` when the folder holds something else, before anything is written, or cannot be written.
    func write(_ hosts: [RenderedHost], by version: String) throws -> Change {
        let earlier = try earlierFiles()
        let files = hosts.flatMap { host in host.files.map { (path: "\(host.name)/\($0.path)", file: $0) } }
        let paths = Set(files.map(\.path))
        let removed = earlier.subtracting(paths).sorted()
        do {
            try writeList(paths.union(earlier), version)
            let written = try files.filter { try write($0.file, to: $0.path) }.map(\.path).sorted()
            for path in removed { try remove(path) }
            try writeList(paths, version)
            return Change(written: written, removed: removed)
        } catch {
            throw CommandFailure("\(path) cannot be written; it must be a folder of yours on a disk that has room")
        }
    }

    /// The files of the rendering that is here; empty when the folder is empty or absent.
    private func earlierFiles() throws -> Set<String> {
        let manager = FileManager.default
        var isFolder = false
        guard manager.fileExists(atPath: path, isDirectory: &isFolder) else { return [] }
        guard isFolder, let names = try? manager.contentsOfDirectory(atPath: path) else {
            throw CommandFailure("\(path) is no folder that can be read; name another")
        }
        if names.isEmpty { return [] }
        guard let text = try? String(contentsOfFile: place(Self.list), encoding: .utf8) else {
            throw CommandFailure(
                "\(path) is not empty and holds no earlier rendering; name another folder, or empty this one")
        }
        // The list may have been edited: nothing outside the folder is touched because of it.
        return Set(text.split(separator: "\n").filter(Self.isInside).map(String.init))
    }

    private static func isInside(_ line: Substring) -> Bool {
        !line.hasPrefix("#")
            && line.split(separator: "/", omittingEmptySubsequences: false).allSatisfy {
                !["", ".", ".."].contains($0)
            }
    }

    private func place(_ name: String) -> String { "\(path)/\(name)" }

    private func writeList(_ paths: Set<String>, _ version: String) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let head = "# Made by haven cluster render \(version): the files of this rendering."
        let text = ([head] + paths.sorted()).joined(separator: "\n") + "\n"
        try Data(text.utf8).write(to: URL(filePath: place(Self.list)), options: .atomic)
    }

    /// Writes one file unless it is there already. Returns whether it wrote.
    private func write(_ file: RenderedFile, to name: String) throws -> Bool {
        let target = place(name)
        if let there = try? Data(contentsOf: URL(filePath: target)), there == Data(file.text.utf8),
            FileManager.default.isExecutableFile(atPath: target) == file.isExecutable
        {
            return false
        }
        try file.write(to: target)
        return true
    }

    /// Removes a file, and the folders that are empty without it.
    private func remove(_ name: String) throws {
        let manager = FileManager.default
        if manager.fileExists(atPath: place(name)) { try manager.removeItem(atPath: place(name)) }
        var folders = name.split(separator: "/").dropLast()
        while !folders.isEmpty {
            let folder = place(folders.joined(separator: "/"))
            guard let rest = try? manager.contentsOfDirectory(atPath: folder), rest.isEmpty else { return }
            try manager.removeItem(atPath: folder)
            folders.removeLast()
        }
    }
}

extension RenderedFile {
    /// Writes the file with the folders it needs: 0755 when it is a program, otherwise 0644, whatever the mask.
    func write(to target: String) throws {
        let url = URL(filePath: target)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url, options: .atomic)
        try FileManager.default.setAttributes([.posixPermissions: isExecutable ? 0o755 : 0o644], ofItemAtPath: target)
    }
}
