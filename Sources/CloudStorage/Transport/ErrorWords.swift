// SPDX-License-Identifier: Apache-2.0

import OCI

/// The code and the message of a store's error document: XML as S3, Azure and OSS write it, JSON as Google does, or text.
struct ErrorWords {
    var code = ""
    var message = ""

    init(_ bytes: [UInt8], _ answer: CloudAnswer) {
        if let document = try? XMLDocument(parsing: bytes) {
            code = document["Code"]?.text ?? ""
            message = document["Message"]?.text ?? ""
        } else if let json = try? JSONValue(parsing: bytes) {
            let error = json["error"] ?? json
            code = (error["title"] ?? error["status"] ?? error["code"])?.string ?? ""
            message = error["message"]?.string ?? String(decoding: bytes.prefix(300), as: UTF8.self)
        } else {
            message = String(decoding: bytes.prefix(300), as: UTF8.self)
        }
        if code.isEmpty { code = answer.header("x-ms-error-code") ?? "" }
        // What a store says may hold anything, and goes to the log.
        message = String(message.prefix(300).map { $0.isNewline || $0 == "\0" ? " " : $0 })
    }
}
