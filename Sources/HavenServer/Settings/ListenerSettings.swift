// SPDX-License-Identifier: Apache-2.0

/// Where the server listens and how clients reach it.
package struct ListenerSettings: Sendable {
    /// The protocol that clients use, as Harbor's `ui_url_protocol` names it.
    package enum Scheme: String, CaseIterable, Sendable { case http, https }

    package let hostname: String?
    package let scheme: Scheme
    /// 0: none.
    package let httpPort: Int
    /// 0: none.
    package let httpsPort: Int
    package let listen: [ListenAddress]
    /// Whether the addresses were asked for; of those that were not, a machine may lack IPv6.
    package let listenIsGiven: Bool
    package let redirectsToHTTPS: Bool
    package let certificate: String?
    package let certificateKey: String?
    package let trustedProxies: [String]
    package let speaksProxyProtocol: Bool
    /// 0: none.
    package let metricsPort: Int
    package let metricsListen: [ListenAddress]
    /// Whether the port of the metrics was asked for; one that was not may be taken by another program.
    package let metricsPortIsGiven: Bool

    init(_ reader: inout SettingReader) {
        hostname = reader.read(
            Setting(
                "hostname", .optional(.host), default: nil, origin: .harbor,
                "The name or address that clients use; with several nodes, that of the load balancer. Setting "
                    + "it makes the server listen on all addresses."))
        scheme = reader.read(
            Setting(
                "ui_url_protocol", .choice, default: .http, origin: .harbor,
                "The protocol that clients use. With https, the server listens on https_port and redirects "
                    + "http_port to it."))
        let isHTTPS = scheme == .https
        httpPort = reader.read(
            Setting("http_port", .port, default: 8_080, harbor: 80, "The port for plain HTTP."))
        httpsPort = reader.read(
            Setting(
                "https_port", .port, default: isHTTPS ? 8_443 : 0, harbor: isHTTPS ? 443 : 0,
                shown: "0; with ui_url_protocol = https: 8443, in Harbor's file 443",
                "The port for HTTPS. It needs ssl_cert and ssl_cert_key."))
        listen = reader.read(
            Setting(
                "listen", .list(of: .listenAddress),
                default: (hostname == nil ? ["127.0.0.1", "::1"] : ["0.0.0.0", "::"]).map(ListenAddress.address),
                harbor: ["0.0.0.0", "::"].map(ListenAddress.address),
                shown: "127.0.0.1,::1; once hostname is "
                    + "set: 0.0.0.0,::",
                "The addresses and Unix sockets to listen on. A Unix socket speaks plain HTTP."))
        listenIsGiven = reader.isGiven("listen")
        redirectsToHTTPS = reader.read(
            Setting(
                "https_redirect", .onOff, default: isHTTPS, shown: "off; with ui_url_protocol = https: on",
                "Whether http_port answers with a redirect to HTTPS instead of serving."))
        certificate = reader.read(
            Setting(
                "ssl_cert", .optional(.path), default: nil, harbor: "/data/cert/server.crt", origin: .harbor,
                "The file with the certificate and its chain (PEM). It is read again when it changes."))
        certificateKey = reader.read(
            Setting(
                "ssl_cert_key", .optional(.path), default: nil, harbor: "/data/cert/server.key", origin: .harbor,
                "The file with the private key of the certificate (PEM)."))
        trustedProxies = reader.read(
            Setting(
                "trusted_proxies", .list(of: .addressRange), default: [],
                "The proxies and load balancers whose Forwarded and X-Forwarded headers and PROXY protocol are "
                    + "believed."))
        speaksProxyProtocol = reader.read(
            Setting(
                "proxy_protocol", .onOff, default: false,
                "Whether trusted_proxies begin each connection with a PROXY header (version 1 or 2); then they must."))
        metricsPort = reader.read(
            Setting("metrics_port", .port, default: 9_090, "The port of /metrics, a listener of its own."))
        metricsPortIsGiven = reader.isGiven("metrics_port")
        metricsListen = reader.read(
            Setting(
                "metrics_listen", .list(of: .listenAddress), default: [.address("127.0.0.1")],
                "The addresses and Unix sockets of /metrics."))
        check(&reader)
    }
}

extension ListenerSettings {
    private func check(_ reader: inout SettingReader) {
        if httpsPort != 0 {
            for (key, file) in [("ssl_cert", certificate), ("ssl_cert_key", certificateKey)] where file == nil {
                reader.fault(key, "HTTPS on port \(httpsPort) needs this file; set it, or set https_port = 0")
            }
        } else if scheme == .https {
            reader.fault("https_port", "ui_url_protocol = https needs a port; give one, or remove this line")
        } else if !reader.isHarborFile, certificate != nil {
            reader.warn("ssl_cert", "nothing uses the certificate until https_port is set")
        }
        if redirectsToHTTPS, httpsPort == 0 {
            reader.fault("https_redirect", "there is no https_port to redirect to")
        }
        if speaksProxyProtocol, trustedProxies.isEmpty {
            reader.fault("proxy_protocol", "trusted_proxies is empty; name the proxies that send the header")
        }
        checkPorts(&reader)
    }

    private func checkPorts(_ reader: inout SettingReader) {
        if httpPort != 0, httpPort == httpsPort {
            reader.fault("https_port", "the port is that of http_port; give each its own")
        }
        if metricsPort != 0, metricsPort == httpPort || metricsPort == httpsPort {
            reader.fault("metrics_port", "the port serves clients already; give another, or 0 for no metrics")
        }
        if listen.isEmpty {
            reader.fault("listen", "the list is empty; give at least one address or socket")
        }
        let hasSocket = listen.contains { if case .unixSocket = $0 { true } else { false } }
        if httpPort == 0, httpsPort == 0, !hasSocket {
            reader.fault(
                "http_port",
                "http_port and https_port are both 0 and listen names no Unix socket; "
                    + "nothing would be served")
        }
    }
}
