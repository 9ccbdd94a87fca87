// SPDX-License-Identifier: Apache-2.0

import Yams

extension ClusterPlan {
    /// Reads a plan from the text of a `cluster.yml`.
    ///
    /// Nothing is guessed: a key that is not known is a fault, and so is a value that would be refused, or do harm, on a host.
    ///
    /// - Throws: ``PlanError`` with every fault at once, in the order of the file.
    package init(yaml: String) throws {
        let root = try Self.document(yaml)
        var reader = PlanReader()
        let draft = PlanDraft(root, &reader)
        PlanChecks(draft).report(to: &reader)
        if let plan = draft.plan, reader.faults.isEmpty {
            self = plan
        } else {
            throw PlanError(faults: reader.faultsByLine)
        }
    }

    private static func document(_ yaml: String) throws -> Node {
        let root: Node?
        do {
            root = try Parser(yaml: yaml).singleRoot()
        } catch let error as YamlError {
            throw PlanError(faults: [PlanFault(error)])
        }
        guard let root, !["", "~", "null"].contains(root.scalar?.string) else {
            let message = "the file is empty; haven cluster example prints a plan to begin with"
            throw PlanError(faults: [PlanFault(key: "", line: nil, message: message)])
        }
        return root
    }
}

extension PlanFault {
    /// What the YAML parser says, on one line.
    fileprivate init(_ error: YamlError) {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            let cause = problem == "but found another document" ? "it holds several documents" : problem
            self.init(
                key: "", line: mark.line,
                message: "this is no YAML that a plan can be: \(cause); indent with spaces, and write key: value")
        case .duplicatedKeysInMapping(let duplicates, _):
            let names = duplicates.sorted().joined(separator: ", ")
            self.init(key: names, line: nil, message: "stands twice in one place; keep one")
        default:
            self.init(key: "", line: nil, message: "the file cannot be read as YAML; it must be text in UTF-8")
        }
    }
}

extension PlanDraft {
    /// Reads every key there is; what is wrong with one of them is told to the reader.
    fileprivate init(_ root: Node, _ reader: inout PlanReader) {
        guard let top = reader.section(root, at: "", keys: PlanKeys.top) else { return }
        given = Set(PlanKeys.top.filter(top.has))
        registry = reader.require(top, "registry_url", .registry)
        mode = reader.read(top, "mode", .word)
        traffic = reader.read(top, "traffic", .word)
        let interface = reader.read(top, "interface", .interface)
        advertInterval = reader.read(top, "advert_interval", .interval)
        preempts = reader.read(top, "preempt", .flag)
        redirectPort = reader.read(top, "redirect_port", .number(0...65_535))
        maxConnections = reader.read(top, "max_connections", .number(1...1_000_000))
        if let tls = reader.section(top, "tls", keys: PlanKeys.tls) {
            certificate = reader.require(tls, "certificate", .path)
        }
        if let lvs = reader.section(top, "lvs", keys: PlanKeys.lvs) {
            nodeSide = reader.read(lvs, "node_side", .word)
            health = reader.read(lvs, "health", .word)
        }
        virtualRouters = Self.virtualRouters(top, &reader)
        balancers = Self.balancers(top, interface ?? (top.has("interface") ? "eth0" : nil), &reader)
        nodes = Self.nodes(top, &reader)
    }

    private static func virtualRouters(
        _ top: PlanReader.Section, _ reader: inout PlanReader
    ) -> [Entry<ClusterPlan.VirtualRouter>] {
        reader.list(top, "vips", 1...16, why: "clients need an address to come to").compactMap { key, node in
            guard let section = reader.section(node, at: key, keys: PlanKeys.vip) else { return nil }
            let places = reader.several(section, "address", .place)
            let id = reader.require(section, "router_id", .number(1...255))
            guard let places, let id else { return nil }
            return Entry(key: key, value: ClusterPlan.VirtualRouter(id: id, places: places))
        }
    }

    private static func balancers(
        _ top: PlanReader.Section, _ interface: String?, _ reader: inout PlanReader
    ) -> [Entry<Balancer>] {
        let why = "one alone is a single point of failure"
        return reader.list(top, "balancers", 2...8, why: why).compactMap { key, node in
            guard let section = reader.section(node, at: key, keys: PlanKeys.balancer) else { return nil }
            let name = reader.require(section, "name", .hostName)
            let addresses = reader.several(section, "address", .address)
            let own = reader.read(section, "interface", .interface)
            let priority = reader.read(section, "priority", .number(1...254))
            if interface == nil, !section.has("interface") {
                reader.fault(
                    section.key("interface"), "is missing; give the interface of this balancer, or interface for all")
            }
            guard let name, let addresses, let interface = own ?? interface else { return nil }
            return Entry(
                key: key,
                value: Balancer(name: name, addresses: addresses, interface: interface, priority: priority))
        }
    }

    private static func nodes(_ top: PlanReader.Section, _ reader: inout PlanReader) -> [Entry<RegistryNode>] {
        let why = "the registry lives while one of them does"
        return reader.list(top, "nodes", 2...64, why: why).compactMap { key, node in
            guard let section = reader.section(node, at: key, keys: PlanKeys.node) else { return nil }
            let name = reader.require(section, "name", .hostName)
            let addresses = reader.several(section, "address", .address)
            let port = reader.read(section, "port", .port)
            guard let name, let addresses else { return nil }
            return Entry(key: key, value: RegistryNode(name: name, addresses: addresses, port: port))
        }
    }
}
