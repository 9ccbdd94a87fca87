// SPDX-License-Identifier: Apache-2.0

/// A kernel setting that a host's files ask for.
package struct KernelWish: Hashable, Sendable {
    /// The name as sysctl writes it.
    package let name: String
    package let value: String
    /// The file of the host that sets it.
    package let file: String

    /// Where the kernel shows it.
    package var path: String { "/proc/sys/" + name.replacing(".", with: "/") }

    /// Every setting of the files in `etc/sysctl.d`, in their order.
    package static func all(of host: RenderedHost) -> [KernelWish] {
        host.files.filter { $0.path.hasPrefix("etc/sysctl.d/") }.flatMap { file in
            file.text.split(separator: "\n").filter { !$0.hasPrefix("#") }.compactMap { line in
                let parts = line.split(separator: "=").map { $0.filter { $0 != " " } }
                return parts.count == 2 ? KernelWish(name: parts[0], value: parts[1], file: "/" + file.path) : nil
            }
        }
    }
}
