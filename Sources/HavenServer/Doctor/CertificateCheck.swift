// SPDX-License-Identifier: Apache-2.0

import NIOSSL

/// Whether certificate and key can serve, and for how long.
enum CertificateCheck {
    static func findings(_ listener: ListenerSettings) -> [Finding] {
        guard listener.httpsPort != 0, let path = listener.certificate, let key = listener.certificateKey else {
            return []
        }
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(path)
            let privateKey = try NIOSSLPrivateKey(file: key, format: .pem)
            // Making the context compares the key with the first certificate.
            _ = try NIOSSLContext(
                configuration: .makeServerConfiguration(
                    certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(privateKey)))
            return [Finding(.good, "certificate", "\(path) and \(key) belong together")] + chain.prefix(1).map(lifetime)
        } catch {
            return [Finding(.fault, "certificate", "\(path) and \(key) cannot serve: \(error)")]
        }
    }

    private static func lifetime(_ certificate: NIOSSLCertificate) -> Finding {
        lifetime(
            from: Int64(certificate.notValidBefore), to: Int64(certificate.notValidAfter), now: wallClock() / 1_000_000)
    }

    /// - Parameters: Seconds since 1970.
    static func lifetime(from: Int64, to: Int64, now: Int64) -> Finding {
        if now < from { return Finding(.fault, "certificate", "it is not valid yet") }
        let days = abs(to - now) / 86_400
        if now > to { return Finding(.fault, "certificate", "it ran out \(days) days ago") }
        return Finding(days < 14 ? .warning : .good, "certificate", "it is valid for \(days) more days")
    }
}
