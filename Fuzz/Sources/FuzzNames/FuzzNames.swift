// SPDX-License-Identifier: Apache-2.0
import OCI
import Promises

/// Every small text of a request line or header: what is accepted must be printable ASCII and read as it is written.
@main
enum FuzzNames {
    static func main() {
        runFuzzer { start, count in
            FuzzNames.feed(bytes(start, count))
            return 0
        }
    }

    private static func feed(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        check(Digest(text)?.description, text)
        check(Reference(text)?.description, text)
        check(Tag(text)?.description, text)
        check(ProjectName(text)?.description, text)
        check(RepositoryName(text)?.description, text)
        checkRepository(text)
        if let type = MediaType(text) {
            promise(MediaType(type.essence) == type, "a media type's plain form is that media type")
        }
        if let moment = RFC3339.microseconds(text) {
            promise(
                RFC3339.microseconds(RFC3339.string(microseconds: moment)) == moment, "a moment reads as it is written")
        }
    }
}

private func check(_ accepted: String?, _ text: String) {
    guard let accepted else { return }
    promise(accepted.utf8.elementsEqual(text.utf8), "accepted text is kept as it is")
    promise(
        text.utf8.count <= 255 && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }, "accepted text is short and plain")
}

private func checkRepository(_ text: String) {
    guard let name = RepositoryName(text) else { return }
    promise(ProjectName(name.project.description) == name.project, "a repository's project is a project name")
    promise("\(name.project)/\(name.withoutProject)" == text, "a name is its project, a slash, and the rest")
    let segments = text.split(separator: "/", omittingEmptySubsequences: false)
    promise(segments.allSatisfy { !$0.isEmpty && !$0.hasPrefix(".") && !$0.hasSuffix(".") }, "no segment is a dot")
}
