// SPDX-License-Identifier: Apache-2.0

/// The named segments of a matched path, as they stand in the request.
package struct RouteParameters: Sendable {
    private var segments: [(name: String, raw: Substring)] = []

    package init() {}

    mutating func append(_ name: String, _ raw: Substring) {
        segments.append((name, raw))
    }

    /// The segment with its percent escapes undecoded.
    package func raw(_ name: String) -> Substring? {
        segments.first { $0.name == name }?.raw
    }

    /// The segment, percent-decoded once.
    ///
    /// A decoded slash is allowed here, for Harbor's API writes repository names so; NUL and invalid UTF-8 are not.
    /// - Throws: ``PathFault`` when the escapes are wrong. A name the pattern does not have gives nil.
    package func decoded(_ name: String) throws(PathFault) -> String? {
        guard let raw = raw(name) else { return nil }
        return try PathText.decode(raw, allowingSlash: true)
    }
}
