// SPDX-License-Identifier: Apache-2.0

import Glibc
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
                + chain.prefix(1).compactMap { name(listener.hostname, in: $0) }
        } catch {
            return [refusal(path, key) ?? Finding(.fault, "certificate", "\(path) and \(key) cannot serve: \(error)")]
        }
    }

    /// What is wrong in words that name the setting; nil when only the library can say it.
    private static func refusal(_ path: String, _ key: String) -> Finding? {
        for (file, setting) in [(path, "ssl_cert"), (key, "ssl_cert_key")] where SmallFile.read(file) == nil {
            return Finding(
                .fault, "certificate", "\(file) is missing or cannot be read; put the file there, or name another",
                key: setting)
        }
        guard (try? NIOSSLCertificate.fromPEMFile(path))?.isEmpty == false else {
            return Finding(.fault, "certificate", "\(path) holds no certificate in PEM form", key: "ssl_cert")
        }
        guard (try? NIOSSLPrivateKey(file: key, format: .pem)) != nil else {
            return Finding(
                .fault, "certificate", "\(key) holds no private key in PEM form, or one with a passphrase",
                key: "ssl_cert_key")
        }
        return Finding(
            .fault, "certificate",
            "the key in \(key) is not that of the certificate in \(path); name files of one pair",
            key: "ssl_cert_key")
    }

    /// Whether clients that use `hostname` will accept the certificate; nil without a name.
    private static func name(_ hostname: String?, in certificate: NIOSSLCertificate) -> Finding? {
        guard let hostname else { return nil }
        let names = CertificateNames(certificate)
        if names.match(hostname) { return Finding(.good, "certificate", "it is made out to \(hostname)") }
        return Finding(
            .fault, "certificate",
            "it is made out to \(names.shown), and clients use \(hostname); get one for that name, or set hostname to one "
                + "of the certificate's", key: "hostname")
    }

    private static func lifetime(_ certificate: NIOSSLCertificate) -> Finding {
        lifetime(
            from: Int64(certificate.notValidBefore), to: Int64(certificate.notValidAfter), now: wallClock() / 1_000_000)
    }

    /// - Parameters: Seconds since 1970.
    static func lifetime(from: Int64, to: Int64, now: Int64) -> Finding {
        if now < from {
            return Finding(
                .fault, "certificate", "it is not valid yet; look at the clock, or get another", key: "ssl_cert")
        }
        let days = abs(to - now) / 86_400
        if now > to {
            return Finding(.fault, "certificate", "it ran out \(days) days ago; get another", key: "ssl_cert")
        }
        return Finding(days < 14 ? .warning : .good, "certificate", "it is valid for \(days) more days")
    }
}

/// The names a certificate is made out to, as clients compare them (RFC 6125).
struct CertificateNames {
    private var hosts: [String] = []
    private var addresses: [[UInt8]] = []

    init(_ certificate: NIOSSLCertificate) {
        for name in certificate._subjectAlternativeNames() {
            switch name.nameType {
            case .dnsName: hosts.append(String(decoding: name.contents, as: UTF8.self).lowercased())
            case .ipAddress: addresses.append(Array(name.contents))
            default: break
            }
        }
    }

    /// - Parameter host: A name or an address, as clients write it.
    func match(_ host: String) -> Bool {
        if let address = Self.address(host) { return addresses.contains(address) }
        let host = host.lowercased()
        let parent = host.firstIndex(of: ".").map { "*" + host[$0...] }
        return hosts.contains { $0 == host || $0 == parent }
    }

    var shown: String {
        let all =
            hosts + addresses.map { $0.count == 4 ? $0.map(String.init).joined(separator: ".") : "an IPv6 address" }
        return all.isEmpty ? "no name" : all.joined(separator: ", ")
    }
}

extension CertificateNames {
    /// The bytes of an address in network order; nil for a name.
    private static func address(_ text: String) -> [UInt8]? {
        for (family, size) in [(AF_INET, 4), (AF_INET6, 16)] {
            var bytes = [UInt8](repeating: 0, count: size)
            if inet_pton(family, text, &bytes) == 1 { return bytes }
        }
        return nil
    }
}
