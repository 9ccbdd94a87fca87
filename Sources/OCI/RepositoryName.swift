// SPDX-License-Identifier: Apache-2.0

/// The full name of a repository: a project, a slash, and at least one more segment.
///
/// distribution-spec, "Pulling manifests":
/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*`, at most 255 bytes. Two things are narrower
/// here: there are at least two segments, and the first is a ``ProjectName``, because every repository lives in a project.
package struct RepositoryName: Hashable, Sendable, CustomStringConvertible {
    package let description: String
    private let projectLength: UInt8

    package init?(_ text: some StringProtocol) {
        var text = String(text)
        guard let projectLength = text.withUTF8({ Self.projectLength(in: $0) }) else { return nil }
        description = text
        self.projectLength = UInt8(projectLength)
    }

    /// The project that the repository lives in.
    package var project: ProjectName {
        ProjectName(checked: String(description.utf8.prefix(Int(projectLength))) ?? "")
    }

    /// What follows the project and its slash; may hold slashes itself.
    package var withoutProject: Substring {
        Substring(description.utf8.dropFirst(Int(projectLength) + 1))
    }

    package static func == (left: RepositoryName, right: RepositoryName) -> Bool {
        left.description == right.description
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(description) }
}

extension RepositoryName: Comparable {
    package static func < (left: RepositoryName, right: RepositoryName) -> Bool { left.description < right.description }
}

extension RepositoryName {
    /// The length of the first segment when all of `text` is a repository name.
    private static func projectLength(in text: UnsafeBufferPointer<UInt8>) -> Int? {
        guard text.count <= 255, let slash = text.firstIndex(of: UInt8(ascii: "/")), ProjectName.isValid(text[..<slash])
        else { return nil }
        for segment in text[(slash + 1)...].split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            guard isSegment(segment) else { return nil }
        }
        return slash
    }

    private static func isSegment(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        var index = text.startIndex
        guard skipAlphanumerics(text, &index) else { return false }
        while index < text.endIndex {
            guard skipSeparator(text, &index), skipAlphanumerics(text, &index) else { return false }
        }
        return true
    }

    /// `[a-z0-9]+`
    private static func skipAlphanumerics(_ text: Slice<UnsafeBufferPointer<UInt8>>, _ index: inout Int) -> Bool {
        let start = index
        while index < text.endIndex, ASCII.isLowerAlphanumeric(text[index]) { index += 1 }
        return index > start
    }

    /// `\.|_|__|-+`
    private static func skipSeparator(_ text: Slice<UnsafeBufferPointer<UInt8>>, _ index: inout Int) -> Bool {
        let separator = text[index]
        let longest: Int
        switch separator {
        case UInt8(ascii: "."): longest = 1
        case UInt8(ascii: "_"): longest = 2
        case UInt8(ascii: "-"): longest = .max
        default: return false
        }
        var length = 0
        while length < longest, index < text.endIndex, text[index] == separator {
            index += 1
            length += 1
        }
        return true
    }
}
