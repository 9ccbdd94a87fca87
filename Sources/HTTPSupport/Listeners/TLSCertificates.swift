// SPDX-License-Identifier: Apache-2.0
import Glibc
package import Logging
import NIOCore
import NIOSSL
import Synchronization

/// The server's certificate and key as they are in their files now.
///
/// New connections get the newest pair that could be read; a broken one changes nothing and is logged. TLS 1.2 is the
/// oldest version spoken.
package final class TLSCertificates: Sendable {
    private struct Loaded {
        var context: NIOSSLContext
        var stamps: [FileStamp?]
    }

    package let certificatePath: String
    package let keyPath: String
    private let logger: Logger
    private let loaded: Mutex<Loaded>

    /// - Parameters:
    ///   - certificatePath: A PEM file with the server's certificate first and then its chain.
    ///   - keyPath: A PEM file with the key, unencrypted.
    /// - Throws: ``TLSFault`` when the pair cannot serve.
    package init(certificatePath: String, keyPath: String, logger: Logger) throws {
        self.certificatePath = certificatePath
        self.keyPath = keyPath
        self.logger = logger
        let stamps = [certificatePath, keyPath].map(FileStamp.init)
        loaded = Mutex(Loaded(context: try Self.load(certificatePath, keyPath), stamps: stamps))
    }

    var context: NIOSSLContext { loaded.withLock { $0.context } }

    /// Reads the files again when they changed. Returns whether a new pair is in use.
    ///
    /// A pair is replaced file by file, so a certificate may not fit the key for a moment: the next check tries again.
    @discardableResult
    package func reloadIfChanged() -> Bool {
        let stamps = [certificatePath, keyPath].map(FileStamp.init)
        guard loaded.withLock({ $0.stamps != stamps }) else { return false }
        return reload()
    }

    /// Reads the files again, changed or not.
    @discardableResult
    package func reload() -> Bool {
        let stamps = [certificatePath, keyPath].map(FileStamp.init)
        do {
            let context = try Self.load(certificatePath, keyPath)
            loaded.withLock { $0 = Loaded(context: context, stamps: stamps) }
            logger.notice("certificate loaded", metadata: ["path": "\(certificatePath)"])
            return true
        } catch {
            loaded.withLock { $0.stamps = stamps }
            logger.warning(
                "new certificate unusable, the old one stays",
                metadata: ["path": "\(certificatePath)", "error": "\(error)"])
            return false
        }
    }

    private static func load(_ certificatePath: String, _ keyPath: String) throws -> NIOSSLContext {
        let chain: [NIOSSLCertificate]
        let key: NIOSSLPrivateKey
        do {
            chain = try NIOSSLCertificate.fromPEMFile(certificatePath)
        } catch {
            throw TLSFault.unreadableCertificate(path: certificatePath, cause: "\(error)")
        }
        do {
            key = try NIOSSLPrivateKey(file: keyPath, format: .pem)
        } catch {
            throw TLSFault.unreadableKey(path: keyPath, cause: "\(error)")
        }
        guard !chain.isEmpty else {
            throw TLSFault.unreadableCertificate(path: certificatePath, cause: "no certificate in it")
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["h2", "http/1.1"]
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw TLSFault.unusable(certificate: certificatePath, key: keyPath, cause: "\(error)")
        }
    }
}

/// Why a certificate cannot serve.
package enum TLSFault: Error, CustomStringConvertible {
    case unreadableCertificate(path: String, cause: String)
    case unreadableKey(path: String, cause: String)
    case unusable(certificate: String, key: String, cause: String)

    package var description: String {
        switch self {
        case .unreadableCertificate(let path, let cause): "no certificate can be read from \(path): \(cause)"
        case .unreadableKey(let path, let cause): "no private key can be read from \(path): \(cause)"
        case .unusable(let certificate, let key, let cause):
            "the certificate in \(certificate) and the key in \(key) do not fit together: \(cause)"
        }
    }
}

/// What changes when a file is replaced or written.
private struct FileStamp: Hashable {
    private let values: [Int]

    init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        values = [
            Int(status.st_ino), Int(status.st_size), Int(status.st_mtim.tv_sec), Int(status.st_mtim.tv_nsec),
            Int(status.st_ctim.tv_sec), Int(status.st_ctim.tv_nsec),
        ]
    }
}
