// SPDX-License-Identifier: Apache-2.0

/// `haproxy.cfg` of one balancer.
struct HAProxyFile {
    let plan: ClusterPlan
    let host: ClusterPlan.Balancer
    let mark: RenderingMark

    var text: String {
        let redirects = plan.redirectPort.map { [redirect(port: $0)] } ?? []
        return ([[mark.comment], global, defaults, entrance] + redirects + [nodes, ownHealth])
            .joined(separator: [""]).map { $0 }.asFile
    }

    private var isHTTP: Bool { plan.traffic != .passthrough }

    private var global: [String] {
        section(
            "global",
            [
                "# A reload hands the listening sockets over, so that no connection is refused.",
                "stats socket \(BalancerPaths.run)/\(host.name).sock mode 600 level admin expose-fd listeners",
                "hard-stop-after 10m", "log stdout format raw local0 notice", "maxconn \(plan.maxConnections)",
            ]
                + (plan.traffic == .terminate
                    ? ["ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets", "tune.ssl.default-dh-param 2048"]
                    : []))
    }

    private var defaults: [String] {
        section(
            "defaults",
            [
                "mode \(isHTTP ? "http" : "tcp")", "log global", "option dontlognull",
                "# A dead host costs one of these for each request that is sent on to another.",
                "timeout connect 500ms",
                "# Of silence, not in all: uploads may take hours, and a server digests a large blob before it answers.",
                "timeout client 300s", "timeout server 300s", "timeout http-request 10s",
                "timeout http-keep-alive 30s", "option clitcpka", "option srvtcpka",
                "option redispatch 1", "retries 3",
            ] + (isHTTP ? losses : []) + [
                "# Away after two checks; back after five: whoever was cut off needs a moment to reach its database again.",
                "default-server check inter 500ms fastinter 250ms downinter 500ms fall 2 rise 5 observe layer4"
                    + " error-limit 3 on-error mark-down on-marked-down shutdown-sessions",
            ])
    }

    private var losses: [String] {
        [
            "# Whose node died under a request is cut off, as without a balancer: clients try that again, and few a 502.",
            "errorfile 502 /dev/null",
            "http-error status 503 content-type application/json string '\(Self.nobody)' hdr Retry-After 5",
        ]
    }

    /// The answer while no node can be reached, in the form of the distribution-spec.
    private static let nobody =
        #"{"errors":[{"code":"UNAVAILABLE","message":"no node of the registry can be reached; try again"}]}"#

    private var entrance: [String] {
        section("frontend registry", binds(plan.registry.port, tls: plan.traffic == .terminate) + headers)
    }

    private func binds(_ port: Int, tls: Bool) -> [String] {
        let certificate = tls ? plan.certificate.map { " ssl crt \($0) alpn h2,http/1.1" } ?? "" : ""
        return plan.places.map { "bind \($0.address.bracketed):\(port)\(certificate)" }
    }

    private var headers: [String] {
        guard isHTTP else { return ["default_backend nodes"] }
        return [
            "# Nodes believe what a balancer says of a client, so clients must not say it.",
            "http-request del-header Forwarded", "http-request del-header X-Forwarded-For",
            "http-request del-header X-Forwarded-Host",
            "http-request set-header X-Forwarded-Proto \(plan.registry.scheme.rawValue)",
            "option forwardfor", "default_backend nodes",
        ]
    }

    private func redirect(port: Int) -> [String] {
        section(
            "frontend to_https",
            ["mode http"] + binds(port, tls: false) + ["http-request redirect prefix \(plan.registry) code 308"])
    }

    private var nodes: [String] {
        let retries = [
            "# Again at another node: what never reached one, and what may come twice. A short chunk of an upload may: when it",
            "# was taken twice, its digest tells. An upload may be begun and closed twice, and a manifest put twice.",
            "retry-on conn-failure empty-response response-timeout",
            "http-request disable-l7-retry unless { method GET HEAD OPTIONS } or { method PUT PATCH } { path_beg /v2/ }"
                + " or { method POST } { path_beg /v2/ } { path_end /blobs/uploads/ }",
        ]
        return section(
            "backend nodes",
            ["balance leastconn"] + (isHTTP ? retries : []) + [
                "option httpchk", "# 404: the node drains. It gets nothing new and finishes what it has.",
                "http-check disable-on-404", "http-check send meth GET uri /healthz ver HTTP/1.1 hdr Host lb-check",
                "http-check expect status 200",
            ] + plan.nodes.map(server))
    }

    private func server(_ node: ClusterPlan.RegistryNode) -> String {
        let line = "server \(node.name) \(node.addresses[0].bracketed):\(node.port)"
        if isHTTP { return line }
        // The check looks at /healthz alone; whether the certificate is good is between client and node.
        let name = plan.registry.address == nil ? " check-sni \(plan.registry.host)" : ""
        return "\(line) send-proxy-v2 check-send-proxy check-ssl check-alpn http/1.1\(name) verify none"
    }

    private var ownHealth: [String] {
        section(
            "frontend own_health",
            [
                "mode http", "bind 127.0.0.1:\(ClusterPlan.balancerHealthPort)",
                "# Says that HAProxy answers, whatever the nodes do: with all of them down clients get 503 and no silence.",
                "monitor-uri /lb-healthz", "http-request return status 404",
            ])
    }

    private func section(_ head: String, _ lines: [String]) -> [String] {
        [head] + lines.map { "  \($0)" }
    }
}
