// SPDX-License-Identifier: Apache-2.0
import Foundation

/// What no durable push can beat: the slower of hashing a file and writing it with one fsync.
struct WriteLimit {
    let scratch: String

    /// Seconds of `openssl dgst -sha256`, and the digest.
    func hash(_ file: String) throws -> (seconds: Double, digest: String) {
        let (seconds, output) = try timed { try execute("openssl", ["dgst", "-sha256", "-r", file]) }
        return (seconds, "sha256:\(output.prefix(64))")
    }

    /// Seconds of `dd conv=fsync` of the files, all at once.
    func write(_ files: [String]) throws -> Double {
        let scratch = scratch
        defer { for index in files.indices { try? FileManager.default.removeItem(atPath: "\(scratch)/dd.\(index)") } }
        return try timed {
            _ = try inParallel(files.count) { index in
                try execute("dd", ["if=\(files[index])", "of=\(scratch)/dd.\(index)", "bs=1M", "conv=fsync"])
            }
        }.seconds
    }
}
