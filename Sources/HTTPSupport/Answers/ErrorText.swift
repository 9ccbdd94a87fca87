// SPDX-License-Identifier: Apache-2.0
import OCI

/// Writes the JSON of an error answer.
enum ErrorText {
    /// `{"errors":[{"code":…,"message":…}]}`: the form of distribution-spec, "Error Codes", and of Harbor's API alike.
    static func json(code: String, message: String) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.key("errors")
        json.beginArray()
        json.beginObject()
        json.member("code", code)
        json.member("message", message)
        json.endObject()
        json.endArray()
        json.endObject()
        return json.bytes
    }
}
