// SPDX-License-Identifier: Apache-2.0
import AccessTexts
import Promises

/// The scopes of a token request.
@main
enum FuzzScopes {
    static func main() {
        runFuzzer { start, count in
            FuzzScopes.feed(bytes(start, count))
            return 0
        }
    }

    private static func feed(_ bytes: [UInt8]) {
        guard let scopes = readScopes(String(decoding: bytes, as: UTF8.self)) else { return }
        promise(scopes.count <= 100, "the number of scopes is limited")
        for scope in scopes {
            promise(scope.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }, "accepted scopes are plain text")
        }
        promise(readScopes(scopes.joined(separator: " ")) == scopes, "scopes read as they are written")
    }
}
