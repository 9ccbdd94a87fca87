// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A whole HTTP answer as a client saw it.
package struct Answer: Sendable, CustomStringConvertible {
    package let status: Int
    package let headers: [(name: String, value: String)]
    package let body: [UInt8]

    package init(status: Int, headers: [(String, String)], body: [UInt8]) {
        self.status = status
        self.headers = headers.map { (name: $0.0, value: $0.1) }
        self.body = body
    }

    /// The first header with that name, whatever its case.
    package subscript(_ name: String) -> String? { all(name).first }

    /// All values of a header.
    package func all(_ name: String) -> [String] {
        headers.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
    }

    /// The body as a JSON object; nil when it is none.
    package var json: [String: Any]? {
        try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]
    }

    package var text: String { String(decoding: body, as: UTF8.self) }

    /// The code of the first error in the body, such as `MANIFEST_UNKNOWN`; nil when the body is no error list.
    package var errorCode: String? {
        ((json?["errors"] as? [[String: Any]])?.first)?["code"] as? String
    }

    /// The message of the first error in the body.
    package var errorMessage: String? {
        ((json?["errors"] as? [[String: Any]])?.first)?["message"] as? String
    }

    package var description: String {
        let lines = headers.map { "\($0.name): \($0.value)" }.joined(separator: "\n")
        return "\(status)\n\(lines)\n\n\(text.prefix(2_000))"
    }
}
