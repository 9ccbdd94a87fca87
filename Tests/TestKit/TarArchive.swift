// SPDX-License-Identifier: Apache-2.0

/// A small tar archive of regular files, enough for the layers of test images.
///
/// Specified by POSIX.1-2001 pax, "ustar Interchange Format".
package struct TarArchive: Sendable {
    private var bytes: [UInt8] = []

    package init() {}

    /// Adds a file; `path` is at most 100 bytes long and does not start with a slash.
    package mutating func add(_ path: String, _ content: [UInt8], mode: Int = 0o644) {
        precondition(path.utf8.count <= 100)
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, at offset: Int) {
            header.replaceSubrange(offset..<(offset + text.utf8.count), with: text.utf8)
        }
        put(path, at: 0)
        put(octal(mode, digits: 7), at: 100)
        put(octal(0, digits: 7), at: 108)
        put(octal(0, digits: 7), at: 116)
        put(octal(content.count, digits: 11), at: 124)
        put(octal(0, digits: 11), at: 136)
        put("        ", at: 148)
        put("0", at: 156)
        put("ustar", at: 257)
        put("00", at: 263)
        put(octal(header.reduce(0) { $0 + Int($1) }, digits: 6), at: 148)
        header[154] = 0
        bytes += header + content
        bytes += [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }

    /// The whole archive with its end mark.
    package var archive: [UInt8] { bytes + [UInt8](repeating: 0, count: 1024) }

    private func octal(_ number: Int, digits: Int) -> String {
        let text = String(number, radix: 8)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}
