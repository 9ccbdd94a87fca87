// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit

/// A certificate authority that no machine trusts by itself, and a server certificate for the loopback address.
struct PrivateAuthority: Sendable {
    /// The folder that holds `ca.crt` alone, as `--cert-dir` of the container tools wants it.
    let folder: String
    var certificate: String { "\(folder)/ca.crt" }
    let serverChain: String
    let serverKey: String

    init(folder parent: String) async throws {
        let work = "\(parent)/authority"
        folder = "\(parent)/certs"
        serverChain = "\(work)/server.crt"
        serverKey = "\(work)/server.key"
        for path in [work, folder] {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        try "subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth\n"
            .write(toFile: "\(work)/extensions", atomically: true, encoding: .utf8)
        let openssl = Tool("openssl", workingFolder: work)
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        try await openssl.check(
            ["req", "-x509"] + key + ["-keyout", "ca.key", "-out", certificate, "-days", "2", "-subj", "/CN=Test CA"])
        try await openssl.check(["req"] + key + ["-keyout", serverKey, "-out", "server.csr", "-subj", "/CN=127.0.0.1"])
        try await openssl.check([
            "x509", "-req", "-in", "server.csr", "-CA", certificate, "-CAkey", "ca.key", "-CAcreateserial", "-days",
            "2",
            "-extfile", "extensions", "-out", serverChain,
        ])
    }
}
