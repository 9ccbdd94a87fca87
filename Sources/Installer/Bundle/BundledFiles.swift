// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// The files that a bundle brings along besides program, settings and secret key, and the places they go to.
struct BundledFiles: Sequence {
    private let files: [(source: String, place: String)]

    /// - Parameter source: The unpacked folder.
    init(_ source: String) {
        let root = source + "/files"
        let names = (try? FileManager.default.subpathsOfDirectory(atPath: root)) ?? []
        files = names.sorted().map { ("\(root)/\($0)", "/\($0)") }.filter { PathState($0.0)?.isFolder == false }
    }

    func makeIterator() -> [(source: String, place: String)].Iterator { files.makeIterator() }
}
