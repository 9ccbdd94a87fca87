// SPDX-License-Identifier: Apache-2.0

/// `README.md` of a host: the commands that put exactly its files in place.
struct HostGuide {
    let plan: ClusterPlan
    let host: String
    let parts: [HostPart]
    let mark: RenderingMark

    var text: String {
        let head = [
            "<!-- \(mark.sentence) -->", "# \(host)",
            "For the registry at \(plan.registry). Run everything as root, in this folder.",
        ]
        return (head + parts.flatMap(paragraphs)).joined(separator: "\n\n") + "\n"
    }

    private func paragraphs(_ part: HostPart) -> [String] {
        var all = ["## \(part.title)"]
        if !part.packages.isEmpty {
            all.append("    apt-get install -y --no-install-recommends \(part.packages.joined(separator: " "))")
        }
        all += part.before
        let files = part.files.filter { !$0.path.hasSuffix(".fragment") }.sorted { $0.path < $1.path }
        if !files.isEmpty {
            let lines = files.map { "    install -D -m \($0.isExecutable ? 755 : 644) \($0.path) /\($0.path)" }
            all.append("Put the files in their places:\n\n" + lines.joined(separator: "\n"))
        }
        return all + part.after
    }
}
