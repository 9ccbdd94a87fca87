// SPDX-License-Identifier: Apache-2.0

/// A block of the guide that somebody following it types or writes: what, and on which hosts.
///
/// The guide is Markdown. The line that opens such a block says after the language where it belongs:
///
///     ```sh node1                      commands for a shell on node1
///     ```sh node1 stays                the last of them stays in the foreground
///     ```yaml node1:haven/cluster.yml  the whole text of a file
///     ```ini node1:haven/haven.cfg     keys to change in a file
///
/// `when=` names the choice that the block is for, such as `when=postgresql`. Blocks without a host are for reading.
struct GuideStep: Sendable, Equatable {
    enum Action: Sendable, Equatable {
        case commands(stays: Bool)
        case file(String)
        case settings(String)
    }

    let hosts: [String]
    let action: Action
    let text: String
    /// The choice that it is for; nil for every one.
    let choice: String?
    /// Where its opening line stands in the guide, from 1.
    let line: Int

    /// The steps of a guide, in order.
    static func steps(of markdown: String) -> [GuideStep] {
        var steps: [GuideStep] = []
        var open: (words: [Substring], line: Int, text: [Substring])?
        for (index, line) in markdown.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if line.hasPrefix("```") {
                if let block = open {
                    if let step = GuideStep(block.words, block.text, block.line) { steps.append(step) }
                    open = nil
                } else {
                    open = (line.dropFirst(3).split(separator: " "), index + 1, [])
                }
            } else {
                open?.text.append(line)
            }
        }
        return steps
    }

    init(hosts: [String], action: Action, text: String, choice: String?, line: Int) {
        (self.hosts, self.action, self.text, self.choice, self.line) = (hosts, action, text, choice, line)
    }

    private init?(_ words: [Substring], _ text: [Substring], _ line: Int) {
        guard words.count > 1, let language = words.first else { return nil }
        let places = words.dropFirst().filter { $0 != "stays" && !$0.hasPrefix("when=") }
        hosts = places.map { String($0.prefix { $0 != ":" }) }
        let file = places.first.flatMap { $0.split(separator: ":", maxSplits: 1).dropFirst().first.map(String.init) }
        switch (language, file) {
        case ("sh", nil): action = .commands(stays: words.contains("stays"))
        case ("ini", let file?): action = .settings(file)
        case (_, let file?): action = .file(file)
        default: return nil
        }
        choice = words.first { $0.hasPrefix("when=") }.map { String($0.dropFirst(5)) }
        self.text = text.map { $0 + "\n" }.joined()
        self.line = line
    }
}
