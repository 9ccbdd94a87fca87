// SPDX-License-Identifier: Apache-2.0

/// One JSON object of a manifest, read field by field; faults name the field by its path.
struct ManifestObject {
    private let members: [JSONMember]
    private let path: String

    /// Takes the outermost value.
    init(root: JSONValue) throws(ManifestError) {
        guard case .object(let members) = root else { throw .notAnObject }
        self.members = members
        path = ""
    }

    /// Takes a value at a path.
    init(_ value: JSONValue, at path: String) throws(ManifestError) {
        guard case .object(let members) = value else { throw .invalid(field: path, need: "an object") }
        self.members = members
        self.path = path
    }

    /// The path of a field of this object.
    func path(of field: String) -> String { path.isEmpty ? field : "\(path).\(field)" }

    /// The value of a field. `null` is no value: that is what Go writes for an empty list or map.
    func value(_ field: String) -> JSONValue? {
        for member in members where member.key.utf8.elementsEqual(field.utf8) {
            return member.value.isNull ? nil : member.value
        }
        return nil
    }

    func has(_ field: String) -> Bool { members.contains { $0.key.utf8.elementsEqual(field.utf8) } }

    /// Text that is not empty.
    func text(_ field: String) throws(ManifestError) -> String? {
        guard let value = value(field) else { return nil }
        guard let text = value.string else { throw .invalid(field: path(of: field), need: "text") }
        return text.isEmpty ? nil : text
    }

    /// Text that reads as a media type.
    func mediaType(_ field: String) throws(ManifestError) -> String? {
        guard let text = try text(field) else { return nil }
        guard MediaType(text) != nil else {
            throw .invalid(field: path(of: field), need: "a media type such as application/json")
        }
        return text
    }

    /// The elements of a list, none when it is absent or null.
    func list(_ field: String, limit: Int) throws(ManifestError) -> [JSONValue] {
        guard let value = value(field) else { return [] }
        guard let values = value.array else { throw .invalid(field: path(of: field), need: "a list") }
        guard values.count <= limit else { throw .tooMany(field: path(of: field), limit: limit) }
        return values
    }

    func annotations() throws(ManifestError) -> Annotations {
        guard let value = value("annotations") else { return Annotations() }
        guard let members = value.object else {
            throw .invalid(field: path(of: "annotations"), need: "an object")
        }
        guard members.count <= Manifest.annotationLimit else {
            throw .tooMany(field: path(of: "annotations"), limit: Manifest.annotationLimit)
        }
        var entries: [Annotations.Entry] = []
        entries.reserveCapacity(members.count)
        for member in members {
            guard let text = member.value.string else {
                throw .invalid(field: path(of: "annotations.\(member.key.prefix(100))"), need: "text")
            }
            entries.append(Annotations.Entry(key: member.key, value: text))
        }
        return Annotations(entries: entries)
    }

    /// Refuses fields that differ from a known one only by letter case.
    ///
    /// Readers written in Go fold case: `Layers` is `layers` to them and an unknown field to everybody else.
    func refuseMisspelled(_ known: [String]) throws(ManifestError) {
        for member in members {
            guard !known.contains(where: { $0.utf8.elementsEqual(member.key.utf8) }) else { continue }
            let folded = Self.folded(member.key)
            for field in known where Self.folded(field) == folded {
                throw .misspelled(field: path(of: member.key), meant: field)
            }
        }
    }

    /// Folds as Go does: the letters of ASCII, and the two signs outside it that fold into ASCII.
    private static func folded(_ key: String) -> [UInt8] {
        var folded: [UInt8] = []
        for scalar in key.unicodeScalars {
            switch scalar.value {
            case 0x41...0x5A: folded.append(UInt8(scalar.value) | 0x20)
            case 0x17F: folded.append(UInt8(ascii: "s"))
            case 0x212A: folded.append(UInt8(ascii: "k"))
            default: folded.append(contentsOf: scalar.utf8)
            }
        }
        return folded
    }
}

extension Unicode.Scalar {
    fileprivate var utf8: String.UTF8View { String(self).utf8 }
}
