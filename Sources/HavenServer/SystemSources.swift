// SPDX-License-Identifier: Apache-2.0
import Access
import HTTPSupport
import HarborAPI
import Metadata
import NIOPosix
import SQLStorage

/// Where the answers about the server itself come from.
enum SystemSources {
    static func routes(_ node: HavenNode, _ health: HealthState) -> SystemRoutes {
        let authority = AuthorityFile(path: node.settings.data.authorityPath)
        let popular = PublicRepositories(node.metadata)
        return SystemRoutes(
            node.settings.systemInfo,
            SystemRoutes.Sources(
                authority: { await authority.certificate() }, popular: { await popular.first($0) },
                isDraining: { health.isDraining },
                isKnown: { authorization, address in
                    let caller = try? await node.access.identify(authorization: authorization, address: address)
                    return caller?.user != nil
                }))
    }
}

extension DataSettings {
    /// The certificate of the authority that clients shall trust, where Harbor's guide has it put.
    package var authorityPath: String { folder + "/ca_download/ca.crt" }
}

extension Settings {
    /// The address that clients use, as far as the settings tell: `registry.example`, `registry.example:8443`.
    package var registryHost: String? {
        guard let hostname = listener.hostname else { return nil }
        let isSecure = listener.scheme == .https
        let port = isSecure ? listener.httpsPort : listener.httpPort
        let name = hostname.contains(":") ? "[\(hostname)]" : hostname
        // Behind a proxy clients use the proxy's port, which nobody told us; then the usual one is the best guess.
        let isUsual = port == 0 || port == (isSecure ? 443 : 80) || !listener.trustedProxies.isEmpty
        return isUsual ? name : "\(name):\(port)"
    }

    var systemInfo: SystemInfo {
        SystemInfo(
            registry: registryHost, scheme: listener.scheme.rawValue, version: HavenVersion.line,
            storage: data.storage.provider.rawValue)
    }
}

/// The file with the authority's certificate, looked at for each request: it may come and go.
struct AuthorityFile: Sendable {
    let path: String

    /// The most a file of certificates holds; larger ones are something else.
    private static let byteLimit = 1 << 20

    /// The file's content; nil when there is none, or when it holds anything but certificates.
    func certificate() async -> [UInt8]? {
        let path = path
        return try? await NIOThreadPool.singleton.runIfActive {
            guard let bytes = SmallFile.read(path, atMost: Self.byteLimit), Self.isPublic(bytes) else { return nil }
            return bytes
        }
    }

    /// Whether it is a certificate and no private key, which somebody may have put there by mistake.
    static func isPublic(_ bytes: [UInt8]) -> Bool {
        let text = String(decoding: bytes, as: UTF8.self)
        return text.contains("-----BEGIN CERTIFICATE-----") && !text.contains("PRIVATE KEY")
    }
}

/// The list of public repositories, read at most every few seconds, and the last known one while the database is away.
private actor PublicRepositories {
    private let metadata: MetadataStore
    private var last: (rows: [PublicRepository], at: ContinuousClock.Instant)?
    private static let freshness = Duration.seconds(5)
    private static let most = 100

    init(_ metadata: MetadataStore) {
        self.metadata = metadata
    }

    func first(_ limit: Int) async -> [PublicRepository] {
        if last.map({ $0.at.duration(to: .now) > Self.freshness }) ?? true {
            // Without the database this is no reason to leave this node: all others are as badly off.
            let rows = try? await metadata.read(.pull) { try $0.publicRepositories(limit: Self.most) }
            last = (rows?.map { PublicRepository(name: $0.name, createdAt: $0.createdAt) } ?? last?.rows ?? [], .now)
        }
        return Array((last?.rows ?? []).prefix(limit))
    }
}
