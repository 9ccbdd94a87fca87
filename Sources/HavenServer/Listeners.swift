// SPDX-License-Identifier: Apache-2.0
import HTTPSupport
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore

/// Where a node listens, and for what, as its settings say.
struct Listeners {
    let configurations: [ListenerConfiguration]
    /// The pair of the HTTPS listeners, which is read again when its files change; nil without HTTPS.
    let certificates: TLSCertificates?

    init(
        _ settings: ListenerSettings, responder: RequestResponder, metrics: MetricsRegistry, log: LogSetup
    ) throws {
        let logger = log.logger
        let certificates = try Self.pair(settings, logger)
        self.certificates = certificates
        let plain =
            settings.redirectsToHTTPS
            ? RequestResponder(
                routes: .redirectToHTTPS(port: settings.httpsPort), logger: logger, log: log.requests,
                metrics: MetricsRegistry())
            : responder
        var all: [ListenerConfiguration] = []
        for place in settings.listen {
            switch place {
            case .unixSocket(let path):
                all.append(ListenerConfiguration(.unix(path: path), .plain(responder)))
            case .address(let host):
                // Nobody asked for IPv6 by name, and a machine may have none.
                let isOptional = !settings.listenIsGiven && host.contains(":")
                if settings.httpPort > 0 {
                    all.append(
                        ListenerConfiguration(
                            .tcp(host: host, port: settings.httpPort), .plain(plain),
                            speaksProxyProtocol: settings.speaksProxyProtocol, isOptional: isOptional))
                }
                if let certificates, settings.httpsPort > 0 {
                    all.append(
                        ListenerConfiguration(
                            .tcp(host: host, port: settings.httpsPort), .secure(responder, certificates),
                            speaksProxyProtocol: settings.speaksProxyProtocol, isOptional: isOptional))
                }
            }
        }
        if settings.metricsPort > 0 {
            let page = RequestResponder(
                routes: Self.page(of: metrics), logger: logger, log: log.requests, metrics: MetricsRegistry())
            for place in settings.metricsListen {
                switch place {
                case .unixSocket(let path):
                    all.append(ListenerConfiguration(.unix(path: path), .plain(page)))
                case .address(let host):
                    // The usual port may be taken by Prometheus itself; that shall not keep the registry from starting.
                    all.append(
                        ListenerConfiguration(
                            .tcp(host: host, port: settings.metricsPort), .plain(page),
                            isOptional: !settings.metricsPortIsGiven))
                }
            }
        }
        configurations = all
    }

    private static func page(of metrics: MetricsRegistry) -> RouteTable {
        var routes = RouteTable()
        routes.add(.get, "/metrics", access: .open("the listener of the metrics is for the operator's own network")) {
            _, _ in
            metrics.response()
        }
        return routes
    }
}

extension Listeners {
    /// The pair of the HTTPS listeners; nil without HTTPS.
    ///
    /// - Throws: ``StartFault/file(_:)`` in words that name the setting.
    static func pair(_ settings: ListenerSettings, _ logger: Logger) throws -> TLSCertificates? {
        guard let certificate = settings.certificate, let key = settings.certificateKey, settings.httpsPort > 0 else {
            return nil
        }
        do {
            return try TLSCertificates(certificatePath: certificate, keyPath: key, logger: logger)
        } catch let fault as TLSFault {
            switch fault {
            case .unreadableCertificate: throw StartFault.file("ssl_cert: \(fault)")
            case .unreadableKey: throw StartFault.file("ssl_cert_key: \(fault)")
            case .unusable: throw StartFault.file("ssl_cert_key: \(fault); name files of one pair")
            }
        }
    }
}
