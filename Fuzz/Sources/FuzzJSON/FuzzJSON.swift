// SPDX-License-Identifier: Apache-2.0
import OCI
import Promises

/// JSON that is read must read the same after it was written.
@main
enum FuzzJSON {
    static func main() {
        runFuzzer { start, count in
            FuzzJSON.feed(bytes(start, count))
            return 0
        }
    }

    private static func feed(_ bytes: [UInt8]) {
        guard let value = try? JSONValue(parsing: bytes) else { return }
        var json = JSONWriter()
        json.value(value)
        promise((try? JSONValue(parsing: json.bytes)) == value, "written JSON reads as the same value")
    }
}
