// SPDX-License-Identifier: Apache-2.0

/// One file of a host, as text.
package struct RenderedFile: Hashable, Sendable {
    /// The path below the host's folder; below `/` on the host itself.
    package let path: String
    package let text: String
    package let isExecutable: Bool

    init(_ path: String, _ text: String, isExecutable: Bool = false) {
        self.path = path
        self.text = text
        self.isExecutable = isExecutable
    }
}

/// Everything that one host gets.
package struct RenderedHost: Hashable, Sendable {
    package let name: String
    /// Sorted by path.
    package let files: [RenderedFile]
}

extension ClusterPlan {
    /// The files of every host: balancers first, then nodes, in the plan's order.
    ///
    /// The same plan and version give the same bytes, always. A host that is balancer and node gets the files of both.
    ///
    /// - Parameter version: Haven's version, which each file names in its first lines.
    package func rendered(by version: String) -> [RenderedHost] {
        let mark = RenderingMark(version: version)
        let names = balancers.map(\.name) + nodes.map(\.name)
        let hosts = names.enumerated().filter { place, name in !names.prefix(place).contains(name) }.map(\.element)
        return hosts.map { name in
            let balancer = balancers.first { $0.name == name }
            let node = nodes.first { $0.name == name }
            let parts = [
                balancer.map { BalancerRendering(plan: self, host: $0, mark: mark).part },
                node.map { NodeRendering(plan: self, host: $0, mark: mark).part },
            ].compactMap { $0 }
            let guide = HostGuide(plan: self, host: name, parts: parts, mark: mark)
            let files = parts.flatMap(\.files) + [RenderedFile("README.md", guide.text)]
            return RenderedHost(name: name, files: files.sorted { $0.path < $1.path })
        }
    }
}

/// What a host gets for one of its roles.
struct HostPart {
    let files: [RenderedFile]
    /// The role, as a heading.
    let title: String
    /// Debian's packages.
    let packages: [String]
    /// Paragraphs that come before the files are installed.
    let before: [String]
    /// Paragraphs that come afterwards.
    let after: [String]
}

/// The first line of every file: who made it.
struct RenderingMark {
    let version: String

    var sentence: String { "Made by haven cluster render \(version): change the plan, not this file." }
    var comment: String { "# \(sentence)" }
}

/// A block of a configuration: its head, its lines one step further in, and its end.
func block(_ head: String, _ lines: [String]) -> [String] {
    ["\(head) {"] + lines.map { "  \($0)" } + ["}"]
}

extension [String] {
    /// The lines as a file.
    var asFile: String { map { "\($0)\n" }.joined() }
}
