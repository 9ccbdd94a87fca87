// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization
import TestKit

/// The guide's picture, running: hosts, what they stand on, and clients.
final class Lab: Sendable {
    let hosts: [String: LabHost]
    let services: LabServices
    let traffic: LabTraffic
    /// The authority and the certificate of the registry; nil without TLS.
    let certificates: TestCertificates?
    let folder: String
    private let installed = Mutex<LabClients?>(nil)
    /// The commands that keep a node running where there is no systemd, by host.
    private let running = Mutex<[String: BackgroundProcess]>([:])

    static let password = "Choose-your-own-1"

    init(
        hosts: [String: LabHost], services: LabServices, traffic: LabTraffic, certificates: TestCertificates?,
        folder: String
    ) {
        (self.hosts, self.services, self.traffic) = (hosts, services, traffic)
        (self.certificates, self.folder) = (certificates, folder)
    }

    func host(_ name: String) throws -> LabHost {
        guard let host = hosts[name] else { throw ToolFailure(what: "there is no host \(name)") }
        return host
    }

    /// skopeo and docker on the host `client`, once they were started.
    var clients: LabClients {
        get throws {
            guard let clients = installed.withLock({ $0 }) else {
                throw ToolFailure(what: "the clients are not there yet")
            }
            return clients
        }
    }

    func use(_ clients: LabClients) { installed.withLock { $0 = clients } }

    /// Ends the clients and all hosts, so that nothing keeps the lab's folder.
    func end() async throws {
        try await installed.withLock { $0 }?.stop()
        for host in hosts.values { try await host.scrap() }
    }

    /// Sends to the virtual address, as administrator.
    var client: RegistryClient { client(at: LabAddress.virtual, isEncrypted: traffic != .http) }

    /// Sends to a node itself.
    func client(of node: String) -> RegistryClient {
        client(at: LabAddress.of(node), isEncrypted: traffic == .passthrough)
    }

    private func client(at address: String, isEncrypted: Bool) -> RegistryClient {
        let scheme = isEncrypted ? "https" : "http"
        return RegistryClient(
            "\(scheme)://\(address)", user: "admin", password: Self.password, followsRedirects: true)
    }

    /// Runs a command of haven on a node.
    @discardableResult
    func haven(_ command: String, on node: String, within limit: Duration = .seconds(120)) async throws -> String {
        try await host(node).check("haven \(command) --config /etc/haven/haven.cfg", deadline: limit)
    }
}

// MARK: - Nodes

extension Lab {
    /// The command that keeps a node running.
    func keep(_ process: BackgroundProcess, on node: String) { running.withLock { $0[node] = process } }

    /// Starts the server of a node that was stopped or has been switched on again, as the guide does.
    ///
    /// - Parameter environment: Variables of the command, such as `LD_PRELOAD`.
    func startNode(_ name: String, environment: [String: String?] = [:]) async throws {
        let variables = environment.compactMap { name, value in value.map { "\(name)=\($0)" } }.joined(separator: " ")
        let log = "\(folder)/\(name).log"
        // A statically linked program does not find its arguments when a preloaded library adds a variable before it begins;
        // the second `env` is there for libfaketime to add it to.
        let process = try await host(name).start(
            "env \(variables) env haven supervise --config /etc/haven/haven.cfg", log: log)
        keep(process, on: name)
        try await awaitHealth(of: name)
    }

    /// Ends the server of a node as a stop of its service does, and waits for that.
    func stopNode(_ name: String) async throws {
        try await host(name).signal("TERM", "haven (supervise|install)")
        guard let process = running.withLock({ $0[name] }) else { return }
        guard try await eventually(within: .seconds(90), every: .milliseconds(50), { !process.isRunning }) else {
            throw ToolFailure(what: "\(name) does not end:\n\(process.log.suffix(2_000))")
        }
    }

    /// Waits until a node says that it takes requests.
    func awaitHealth(of node: String, within limit: Duration = .seconds(60)) async throws {
        guard try await eventually(within: limit, every: .milliseconds(100), { try await isHealthy(node) }) else {
            throw ToolFailure(what: "\(node) does not come back within \(limit)")
        }
    }

    /// Whether a node says that it takes requests.
    func isHealthy(_ node: String) async throws -> Bool {
        let (client, deadline) = (client(of: node), Duration.seconds(2))
        let status = try await withDeadline(deadline) { try? await client.send("GET", "/healthz", as: .none).status }
        return status == 200
    }

    /// Waits until every node takes requests, and the virtual address a push.
    func awaitHealth(within limit: Duration = .seconds(60)) async throws {
        for node in LabAddress.nodes { try await awaitHealth(of: node, within: limit) }
        try await awaitPush(within: limit)
    }

    /// Waits until a push through the virtual address is acknowledged.
    ///
    /// - Returns: How long that took.
    @discardableResult
    func awaitPush(within limit: Duration = .seconds(60)) async throws -> Duration {
        let start = ContinuousClock.now
        let isBack = try await eventually(within: limit, every: .milliseconds(50)) { try await push() }
        guard isBack else { throw ToolFailure(what: "no push is taken within \(limit)") }
        return ContinuousClock.now - start
    }

    private func push() async throws -> Bool {
        let client = client
        return try await withDeadline(.seconds(10)) {
            try? await client.putEmptyIndex(in: "library/lab", as: .basic).status == 201
        } == true
    }
}

// MARK: - Balancers

extension Lab {
    /// The balancer that answers for the virtual address; nil when none has it.
    func findOwner() async throws -> String? {
        for name in LabAddress.balancers where try await hasVirtualAddress(name) { return name }
        return nil
    }

    func owner() async throws -> String {
        guard let owner = try await findOwner() else {
            throw ToolFailure(what: "no balancer has \(LabAddress.virtual)")
        }
        return owner
    }

    /// The balancer that waits.
    func standby() async throws -> String {
        let owner = try await owner()
        return LabAddress.balancers.first { $0 != owner } ?? owner
    }

    func hasVirtualAddress(_ balancer: String) async throws -> Bool {
        try await LabNetwork.ip("-n", LabNetwork.namespace(balancer), "-4", "-br", "addr", "show")
            .contains("\(LabAddress.virtual)/")
    }

    /// Waits until a balancer has the virtual address.
    ///
    /// - Returns: How long that took.
    func awaitTakeover(by balancer: String, within limit: Duration = .seconds(20)) async throws -> Duration {
        let start = ContinuousClock.now
        guard try await eventually(within: limit, every: .milliseconds(5), { try await hasVirtualAddress(balancer) })
        else { throw ToolFailure(what: "\(balancer) does not take the virtual address within \(limit)") }
        return ContinuousClock.now - start
    }

    /// Starts HAProxy and keepalived on a balancer that was switched on again.
    func startBalancer(_ name: String) async throws {
        try await host(name).check("systemctl restart haproxy\nsystemctl restart keepalived")
    }
}
