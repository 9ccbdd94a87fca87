// SPDX-License-Identifier: Apache-2.0

import CExpat

/// An element of a small XML document: its name without prefix, its text, its children. Attributes are not kept.
package struct XMLDocument: Sendable {
    package var name: String
    package var text = ""
    package var children: [XMLDocument] = []

    /// The first child of a name.
    package subscript(name: String) -> XMLDocument? { children.first { $0.name == name } }

    /// The children of a name, in order.
    package func all(_ name: String) -> [XMLDocument] { children.filter { $0.name == name } }

    /// Why bytes are no XML, with the place.
    package struct Fault: Error { package let text: String }

    init(name: String) { self.name = name }

    /// Reads a document with expat, which expands nothing outside and refuses entities that grow.
    package init(parsing bytes: [UInt8]) throws(Fault) {
        let parser = XML_ParserCreate(nil)
        defer { XML_ParserFree(parser) }
        let tree = XMLTree()
        XML_SetUserData(parser, Unmanaged.passUnretained(tree).toOpaque())
        XML_SetElementHandler(
            parser,
            { context, name, _ in XMLTree.from(context)?.open(name.map { String(cString: $0) } ?? "") },
            { context, _ in XMLTree.from(context)?.close() })
        XML_SetCharacterDataHandler(parser) { context, text, count in
            guard let text else { return }
            XMLTree.from(context)?.add(UnsafeRawBufferPointer(start: text, count: Int(count)))
        }
        let status = bytes.withUnsafeBytes { raw in
            XML_Parse(parser, raw.bindMemory(to: CChar.self).baseAddress, Int32(raw.count), 1)
        }
        guard status == XML_STATUS_OK, let root = tree.root else {
            throw Fault(text: String(cString: XML_ErrorString(XML_GetErrorCode(parser))))
        }
        self = root
    }
}

/// The elements that are open while a document is read.
private final class XMLTree {
    private var open: [XMLDocument] = []
    private var texts: [[UInt8]] = []
    private(set) var root: XMLDocument?

    static func from(_ context: UnsafeMutableRawPointer?) -> XMLTree? {
        context.map { Unmanaged<XMLTree>.fromOpaque($0).takeUnretainedValue() }
    }

    func open(_ name: String) {
        open.append(XMLDocument(name: name.split(separator: ":").last.map(String.init) ?? name))
        texts.append([])
    }

    func add(_ text: UnsafeRawBufferPointer) {
        guard !texts.isEmpty else { return }
        texts[texts.count - 1].append(contentsOf: text)
    }

    func close() {
        guard var element = open.popLast(), let text = texts.popLast() else { return }
        element.text = String(decoding: text, as: UTF8.self)
        if open.isEmpty { root = element } else { open[open.count - 1].children.append(element) }
    }
}

/// The five characters that cannot stand in XML text as they are.
package func xmlEscaped(_ text: String) -> String {
    var escaped = ""
    for character in text {
        switch character {
        case "&": escaped += "&amp;"
        case "<": escaped += "&lt;"
        case ">": escaped += "&gt;"
        case "\"": escaped += "&quot;"
        case "'": escaped += "&apos;"
        default: escaped.append(character)
        }
    }
    return escaped
}
