// SPDX-License-Identifier: Apache-2.0

extension CheckFinding {
    /// What was found and what to do about it, for an operator.
    package var text: String { "\(what); \(advice)" }

    private var what: String {
        switch self {
        case .objectMissing(let digest, let location): "the bytes of blob \(digest) are gone from \(location)"
        case .objectSize(let digest, let location, let expected, let found):
            "blob \(digest) has \(expected) bytes, its object \(location) has \(found)"
        case .objectChanged(let digest, let location): "the bytes at \(location) are not those of blob \(digest)"
        case .objectUnreadable(let digest, let location, let cause):
            "blob \(digest) cannot be read at \(location) (\(cause))"
        case .partMissing(let upload, let location): "the upload \(upload) lacks its part \(location)"
        case .manifestChanged(let repository, let digest):
            "the bytes of manifest \(repository)@\(digest) are not those of its digest"
        case .manifestUnreadable(let repository, let digest, let cause):
            "manifest \(repository)@\(digest) cannot be used (\(cause))"
        case .referenceMissing(let repository, let digest, let reference):
            "manifest \(repository)@\(digest) names \(reference), which its repository does not hold"
        case .suspect(let digest): "blob \(digest) counts as missing, but its object is there"
        case .locationShared(let location, let one, let other):
            "the object \(location) is named by \(one) and by \(other)"
        case .claims(let digest, let counted, let rows):
            "blob \(digest) counts \(counted) projects that use it, and \(rows) do"
        case .links(let project, let digest, let counted, let rows):
            "project \(project) counts \(counted) repositories that link blob \(digest), and \(rows) do"
        case .usage(let project, let charged, let used):
            "project \(project) is charged with \(charged) bytes and uses \(used)"
        case .tagAstray(let repository, let tag, let points, let remembered):
            "tag \(repository):\(tag) points to \(points.map { "\($0)" } ?? "nothing"), but its last move was to "
                + "\(remembered.map { "\($0)" } ?? "nothing")"
        case .tagUnremembered(let repository, let tag): "no move of tag \(repository):\(tag) is remembered"
        case .tagHistoryGap(let repository, let tag, let entries, let first, let last):
            "of tag \(repository):\(tag) \(entries) moves are remembered between \(first) and \(last)"
        case .parentless(let table, let row): "a row of \(table) (\(row)) refers to a row that does not exist"
        case .unnamedObject(let location, let size): "the object \(location) of \(size) bytes belongs to nothing"
        }
    }

    private var advice: String {
        switch self {
        case .objectMissing, .objectSize, .objectChanged, .objectUnreadable:
            "push an image that has it again, or take the object from a backup, and look for what harmed the disk"
        case .partMissing: "its client must begin the upload again"
        case .manifestChanged, .manifestUnreadable: "delete it and push it again, or restore a backup"
        case .referenceMissing: "push the image again"
        case .suspect: "push it again, which makes it available"
        case .locationShared: "back up before anything else; deleting one would take the other's bytes"
        case .claims, .links, .usage, .tagAstray, .tagUnremembered, .tagHistoryGap, .parentless:
            "nothing is lost by it; keep a copy of the database and report it as a bug"
        case .unnamedObject: "it only takes space; make a backup, then remove it by hand"
        }
    }
}
