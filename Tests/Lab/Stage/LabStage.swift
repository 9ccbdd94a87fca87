// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit

/// Builds the guide's picture: empty hosts that can reach each other by ssh, the services, and then what the guide says.
struct LabStage: Sendable {
    let database: LabServices.DatabaseKind
    let store: LabServices.StoreKind
    let traffic: LabTraffic
    /// The offline installer, which the guide's first step unpacks.
    let archive: String
    let guide: String
    /// For logs and the disks of hosts.
    let folder: String

    func build() async throws -> Lab {
        async let services = LabServices.start(database, store, in: "\(folder)/services")
        let hosts = try await switchOnHosts()
        let certificates = try await certify(hosts)
        let lab = Lab(
            hosts: hosts, services: try await services, traffic: traffic, certificates: certificates, folder: folder)
        try await follow(guide, lab)
        try await lab.awaitHealth()
        let clients = try await LabClients.start(
            LabAddress.virtual, password: Lab.password, authority: certificates?.authority, in: "\(folder)/clients")
        lab.use(clients)
        return lab
    }

    private func follow(_ guide: String, _ lab: Lab) async throws {
        let steps = GuideStep.steps(of: try String(contentsOfFile: guide, encoding: .utf8))
        guard !steps.isEmpty else { throw ToolFailure(what: "\(guide) has no steps") }
        let walk = GuideWalk(
            steps: steps, hosts: lab.hosts, choices: Set([database.rawValue, store.rawValue] + traffic.choices),
            folder: folder)
        for (node, process) in try await walk.run() { lab.keep(process, on: node) }
    }

    /// Balancers, nodes, and a client, each with nothing but Debian's packages.
    private func switchOnHosts() async throws -> [String: LabHost] {
        try await Tool("ssh-keygen").check("-q", "-t", "ed25519", "-N", "", "-f", "\(folder)/key")
        var hosts: [String: LabHost] = [:]
        for name in LabAddress.balancers + LabAddress.nodes + ["client"] {
            let host = LabHost(name, in: "\(folder)/hosts")
            try await host.install()
            try await host.switchOn()
            try await prepare(host)
            hosts[name] = host
        }
        try await hosts["node1"]?.check("cp '\(archive)' .")
        return hosts
    }

    /// With TLS: makes an authority, and a certificate for the virtual address, in the home folder of node1.
    private func certify(_ hosts: [String: LabHost]) async throws -> TestCertificates? {
        guard traffic != .http else { return nil }
        try FileManager.default.createDirectory(atPath: "\(folder)/tls", withIntermediateDirectories: true)
        let certificates = try await TestCertificates(in: "\(folder)/tls", names: "IP:\(LabAddress.virtual)")
        for file in [certificates.certificate, certificates.key, certificates.authority] {
            let text = try String(contentsOfFile: file, encoding: .utf8)
            try await hosts["node1"]?.check("cat > \(URL(filePath: file).lastPathComponent)", input: text)
        }
        return certificates
    }

    /// Lets the hosts reach each other by ssh, and stands in for systemd on those that have none.
    private func prepare(_ host: LabHost) async throws {
        try await host.check(
            """
            mkdir -p -m 700 .ssh
            cp '\(folder)/key' .ssh/id_ed25519
            cp '\(folder)/key.pub' .ssh/authorized_keys
            printf 'StrictHostKeyChecking accept-new\\nLogLevel ERROR\\n' > .ssh/config
            chown -R root: .
            chmod 700 .
            ssh-keygen -A > /dev/null
            # No host reaches a mirror: what this machine has installed is new enough.
            echo 'APT::Get::Upgrade "false";' > /etc/apt/apt.conf.d/99-lab
            rm -rf /etc/haven /data /usr/local/bin/haven /etc/keepalived /etc/haproxy/haproxy.cfg
            """)
        if LabAddress.balancers.contains(host.name) {
            try await host.check(
                "cat > /usr/local/bin/systemctl\nchmod 755 /usr/local/bin/systemctl", input: Self.systemctl)
        }
        try await host.openDoor()
    }

    /// The part of systemd that the guide needs on a balancer: `restart`, `start`, `stop` and `reload` of its two services, with
    /// the commands that the rendered units have, which run again when they ended by themselves.
    private static let systemctl = """
        #!/bin/bash
        # Stands in for systemd on the lab's balancers.
        set -eu
        action=$1
        shift
        keep() {
            echo $$ > "/run/$1.keeper"
            while :; do
                case $1 in
                haproxy) nft -f /etc/haven/balancer/no-refusals.nft; haproxy -W -db -f /etc/haproxy/haproxy.cfg || true; sleep 0.1 ;;
                keepalived) keepalived -n -l -D -P -f /etc/keepalived/keepalived.conf || true; sleep 1 ;;
                esac
            done
        }
        begin() {
            command -v "$1" > /dev/null || { echo "systemctl: no service $1 here" >&2; exit 1; }
            mkdir -p /run/systemd/system /run/haven-balancer
            export -f keep
            setsid bash -c "keep $1" < /dev/null >> "/var/log/$1.log" 2>&1 &
            sleep 0.3
            pgrep -x "$1" > /dev/null || { tail -n 20 "/var/log/$1.log" >&2; exit 1; }
        }
        end() {
            if [ -e "/run/$1.keeper" ]; then kill "$(cat "/run/$1.keeper")"; rm "/run/$1.keeper"; fi
            pkill -TERM -o -x "$1" || return 0
            for _ in $(seq 100); do pgrep -x "$1" > /dev/null || return 0; sleep 0.05; done
            echo "systemctl: $1 does not end" >&2
            exit 1
        }
        for service in "$@"; do
            case $action in
            enable) ;;
            reload) pkill -HUP -o -x "$service" ;;
            stop) end "$service" ;;
            start) begin "$service" ;;
            restart) end "$service"; begin "$service" ;;
            *) echo "systemctl: $action is not known here" >&2; exit 1 ;;
            esac
        done
        """
}
