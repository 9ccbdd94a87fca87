// SPDX-License-Identifier: Apache-2.0

import TestKit

/// What strace saw: system calls in the order in which they ended.
struct SystemCallTrace {
    struct Call {
        let name: String
        /// Everything between the parentheses; descriptors carry their paths.
        let arguments: String
        let succeeded: Bool
        /// The line on which the call began, and the one on which it ended.
        let began: Int
        let ended: Int
    }

    let calls: [Call]

    /// Reads the output of `strace -f -y`, joining calls that another thread interrupted.
    init(parsing text: String) {
        var open: [Substring: (name: String, arguments: String, began: Int)] = [:]
        var calls: [Call] = []
        for (number, line) in text.split(separator: "\n").enumerated() {
            let process = line.prefix { $0 != " " }
            let rest = line.dropFirst(process.count).drop { $0 == " " }
            if rest.hasPrefix("<... "), let begun = open.removeValue(forKey: process) {
                let tail = rest.split(separator: "resumed>", maxSplits: 1).last ?? ""
                calls.append(Self.call(begun.name, begun.arguments + tail, begun.began, number))
            } else if let parenthesis = rest.firstIndex(of: "(") {
                let name = String(rest[..<parenthesis])
                let tail = String(rest[rest.index(after: parenthesis)...])
                if tail.hasSuffix("<unfinished ...>") {
                    open[process] = (name, String(tail.dropLast(16)), number)
                } else {
                    calls.append(Self.call(name, tail, number, number))
                }
            }
        }
        self.calls = calls
    }

    private static func call(_ name: String, _ text: String, _ began: Int, _ ended: Int) -> Call {
        Call(name: name, arguments: text, succeeded: !text.contains(" = -1 "), began: began, ended: ended)
    }

    /// The first call of this name whose arguments contain `text`.
    func first(_ name: String, _ text: String) -> Call? {
        calls.first { $0.name == name && $0.succeeded && $0.arguments.contains(text) }
    }

    /// The last call of this name whose arguments contain `text`.
    func last(_ name: String, _ text: String) -> Call? {
        calls.last { $0.name == name && $0.succeeded && $0.arguments.contains(text) }
    }

    func count(_ name: String, _ text: String = "") -> Int {
        calls.filter { $0.name == name && $0.arguments.contains(text) }.count
    }
}
