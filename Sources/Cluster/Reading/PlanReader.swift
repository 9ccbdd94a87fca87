// SPDX-License-Identifier: Apache-2.0

import OCI
import Yams

/// Reads values out of a parsed plan and collects everything that is wrong with them.
///
/// A value that is wrong is nil, once told; whoever checks values against each other leaves it out, so that one slip of the
/// pen is one fault.
struct PlanReader {
    private(set) var faults: [PlanFault] = []
    private var lines: [String: Int] = [:]

    /// A mapping of the plan, and the way to it.
    struct Section {
        let path: String
        fileprivate let values: [String: Node]

        /// The way to one of its keys.
        func key(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

        func has(_ name: String) -> Bool { values[name] != nil }
    }

    /// All faults in the order of the file; those that are at no line come first.
    var faultsByLine: [PlanFault] {
        faults.enumerated().sorted { ($0.element.line ?? 0, $0.offset) < ($1.element.line ?? 0, $1.offset) }
            .map(\.element)
    }

    /// Notes a fault of a key; its line is known when the key stands in the file.
    mutating func fault(_ key: String, _ message: String) {
        faults.append(PlanFault(key: key, line: lines[key], message: message))
    }

    /// Opens a mapping that may have these keys and no others.
    mutating func section(_ node: Node, at path: String, keys: [String]) -> Section? {
        note(node, at: path)
        guard let mapping = node.mapping else {
            fault(path, "must hold \(keys.joined(separator: ", ")), each as key: value")
            return nil
        }
        var values: [String: Node] = [:]
        for (key, value) in mapping {
            let name = key.scalar?.string ?? "?"
            let whole = path.isEmpty ? name : "\(path).\(name)"
            lines[whole] = key.mark?.line
            if keys.contains(name) {
                values[name] = value
            } else {
                let hint = nearest(to: name, among: keys).map { "did you mean \($0)?" }
                fault(whole, "there is no such key; " + (hint ?? "accepted: \(keys.joined(separator: ", "))"))
            }
        }
        return Section(path: path, values: values)
    }

    /// The section under a key; nil when it is absent or wrong.
    mutating func section(_ section: Section, _ name: String, keys: [String]) -> Section? {
        guard let node = section.values[name] else { return nil }
        return self.section(node, at: section.key(name), keys: keys)
    }

    /// The value of a key; nil when it is absent or wrong.
    mutating func read<Value>(_ section: Section, _ name: String, _ form: PlanForm<Value>) -> Value? {
        section.values[name].flatMap { read($0, at: section.key(name), form) }
    }

    /// The value of a key that must be there; nil when it is not, or wrong.
    mutating func require<Value>(_ section: Section, _ name: String, _ form: PlanForm<Value>) -> Value? {
        guard section.has(name) else {
            fault(section, lacks: name, "give \(form.accepts)")
            return nil
        }
        return read(section, name, form)
    }

    /// The values of a key that must be there and takes one value or a list; nil when any of them is wrong.
    mutating func several<Value>(_ section: Section, _ name: String, _ form: PlanForm<Value>) -> [Value]? {
        guard let node = section.values[name] else {
            fault(section, lacks: name, "give \(form.accepts)")
            return nil
        }
        guard let sequence = node.sequence else { return read(node, at: section.key(name), form).map { [$0] } }
        guard (1...16).contains(sequence.count) else {
            fault(section.key(name), "the list has \(sequence.count) entries; give 1 to 16")
            return nil
        }
        let values = sequence.enumerated().map { place, node in
            read(node, at: "\(section.key(name))[\(place)]", form)
        }
        return values.contains { $0 == nil } ? nil : values.compactMap { $0 }
    }

    /// The nodes of a list that must be there, each with the way to it; empty when it is not, or wrong.
    mutating func list(_ section: Section, _ name: String, _ count: ClosedRange<Int>, why: String) -> [(String, Node)] {
        let key = section.key(name)
        guard let node = section.values[name] else {
            fault(section, lacks: name, "list \(count.lowerBound) to \(count.upperBound)")
            return []
        }
        guard let sequence = node.sequence else {
            fault(key, "must be a list: one entry a line group, each begun with a hyphen")
            return []
        }
        if !count.contains(sequence.count) {
            fault(key, "\(sequence.count) listed; give \(count.lowerBound) to \(count.upperBound): \(why)")
        }
        return sequence.prefix(count.upperBound).enumerated().map { ("\(key)[\($0.offset)]", $0.element) }
    }

    private mutating func fault(_ section: Section, lacks name: String, _ remedy: String) {
        let message = "is missing; \(remedy)"
        faults.append(PlanFault(key: section.key(name), line: lines[section.path], message: message))
    }

    private mutating func read<Value>(_ node: Node, at key: String, _ form: PlanForm<Value>) -> Value? {
        note(node, at: key)
        guard let text = node.scalar?.string, !text.isEmpty else {
            fault(key, node.scalar == nil ? "takes one value: \(form.accepts)" : "is empty; give \(form.accepts)")
            return nil
        }
        guard let value = form.read(text) else {
            fault(key, "\(Self.shown(text)) is not accepted; give \(form.accepts)")
            return nil
        }
        return value
    }

    private mutating func note(_ node: Node, at key: String) {
        if lines[key] == nil { lines[key] = node.mark?.line }
    }

    /// The value as a message shows it: on one line and not for pages.
    private static func shown(_ text: String) -> String {
        let plain = text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7f ? " " : Character($0) }
        return "'" + String(plain.prefix(60)) + (plain.count > 60 ? "…'" : "'")
    }
}
