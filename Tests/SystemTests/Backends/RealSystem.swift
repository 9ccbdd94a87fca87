// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit

/// An unpacked distribution, with its package database read: which files each package brought.
struct RealSystem: Sendable {
    /// Such as `debian` or `alpine-3.20.3`.
    let name: String
    private let root: String
    /// The package that every image of this system has below its own.
    private let base: String
    /// Paths below the root, of files and links that are there, by package.
    private let files: [String: [String]]
    private let sizes: [String: Int]

    private init(_ name: String, root: String, base: String, files: [String: [String]]) {
        self.name = name
        self.root = root
        self.base = base
        var sizes: [String: Int] = [:]
        self.files = files.reduce(into: [:]) { kept, package in
            let here = package.value.compactMap { path in Self.size(of: "\(root)/\(path)").map { (path, $0) } }
            kept[package.key] = here.map(\.0)
            sizes[package.key] = here.reduce(0) { $0 + $1.1 }
        }
        self.sizes = sizes
    }

    /// The Debian system of ``DebianRoot``. Its package database is a list of paths for each package.
    static func debian(in folder: String) async throws -> RealSystem {
        let root = try await unpacked(try await DebianRoot.archive(), as: "debian", in: folder)
        let lists = "\(root)/var/lib/dpkg/info"
        let names = try FileManager.default.contentsOfDirectory(atPath: lists).filter { $0.hasSuffix(".list") }
        let files = try names.reduce(into: [String: [String]]()) { files, name in
            let text = try String(contentsOfFile: "\(lists)/\(name)", encoding: .utf8)
            let package = name.dropLast(".list".count).prefix { $0 != ":" }
            files[String(package)] = text.split(separator: "\n").map { String($0.dropFirst()) }
        }
        return RealSystem("debian", root: root, base: "base-files", files: files)
    }

    /// An Alpine system. Its package database has a line `P:` for each package, `F:` for each folder, `R:` for each file.
    static func alpine(_ release: String, _ archive: String, in folder: String) async throws -> RealSystem {
        let name = "alpine-\(release)"
        let root = try await unpacked(archive, as: name, in: folder)
        let database = try String(contentsOfFile: "\(root)/lib/apk/db/installed", encoding: .utf8)
        var (package, parent) = ("", "")
        let files = database.split(separator: "\n").reduce(into: [String: [String]]()) { files, line in
            let value = String(line.dropFirst(2))
            switch line.prefix(2) {
            case "P:": package = value
            case "F:": parent = value
            case "R:": files[package, default: []].append(parent.isEmpty ? value : "\(parent)/\(value)")
            default: break
            }
        }
        return RealSystem(name, root: root, base: "alpine-baselayout", files: files)
    }

    private static func unpacked(_ archive: String, as name: String, in folder: String) async throws -> String {
        let root = "\(folder)/\(name)"
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        try await Tool("tar").check(["--extract", "--file", archive, "--directory", root, "--exclude=./dev/*"])
        return root
    }

    /// A file's size in bytes, 0 for a link; nil for folders and for what is not there.
    private static func size(of path: String) -> Int? {
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else { return nil }
        switch attributes[.type] as? FileAttributeType {
        case .typeRegular: return attributes[.size] as? Int
        case .typeSymbolicLink: return 0
        default: return nil
        }
    }

    /// The largest packages that an image of the base and one of them may have.
    func largestPackages(_ count: Int) -> [String] {
        // An archive has at least half a kilobyte more for each file.
        let fitting = sizes.filter { package, size in
            package != base && size > 0 && size + (files[package]?.count ?? 0) << 10 < RealImages.largest * 4 / 5
        }
        return fitting.sorted { ($0.value, $0.key) > ($1.value, $1.key) }.prefix(count).map(\.key)
    }

    /// The image of the whole system: the archive as it was downloaded.
    func whole(_ archive: String) async throws -> TestImage {
        let plain = "\(root).tar"
        try await Tool("sh").check("-c", #"gzip -dc "$0" > "$1""#, archive, plain)
        return .of([.init(archive: try Self.blob(plain), gzip: try Self.blob(archive))], title: name)
    }

    /// An image for each package, four at a time.
    func cut(_ packages: [String]) async throws -> [(tag: String, image: TestImage)] {
        let base = try await layer(self.base, isCompressed: true)
        return try await withThrowingTaskGroup(of: [(Int, TestImage)].self) { group in
            for worker in 0..<4 {
                group.addTask {
                    var made: [(Int, TestImage)] = []
                    for number in stride(from: worker, to: packages.count, by: 4) {
                        let top = try await layer(packages[number], isCompressed: number.isMultiple(of: 2))
                        made.append((number, .of([base, top], title: packages[number])))
                    }
                    return made
                }
            }
            let images = try await group.reduce(into: [Int: TestImage]()) { images, made in
                for (number, image) in made { images[number] = image }
            }
            return packages.indices.compactMap { number in
                images[number].map { (tag(of: packages[number]), $0) }
            }
        }
    }

    private func tag(of package: String) -> String {
        "\(name)-\(package.map { $0.isLetter || $0.isNumber ? $0 : "-" }.map(String.init).joined())"
    }

    private func layer(_ package: String, isCompressed: Bool) async throws -> TestImage.Layer {
        let archive = "\(root)-\(package).tar"
        let names = (files[package] ?? []).map { "\($0)\n" }.joined()
        try await Tool("tar").check(
            [
                "--create", "--file", archive, "--directory", root, "--no-recursion", "--numeric-owner",
                "--verbatim-files-from", "--files-from=-",
            ], input: names)
        let plain = try Self.blob(archive)
        guard isCompressed else { return .init(archive: plain) }
        try await Tool("gzip").check("--no-name", archive)
        return .init(archive: plain, gzip: try Self.blob("\(archive).gz"))
    }

    private static func blob(_ path: String) throws -> TestBlob {
        TestBlob(Array(try Data(contentsOf: URL(fileURLWithPath: path))))
    }
}
