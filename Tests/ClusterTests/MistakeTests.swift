// SPDX-License-Identifier: Apache-2.0

import Cluster
import Testing

/// A slip in a plan, and the one message that answers it: the key, what is wrong, the remedy.
struct Mistake: Sendable, CustomTestStringConvertible {
    let what: String
    let plan: String
    let key: String
    let says: [String]

    var testDescription: String { what }

    init(_ what: String, _ key: String, says: String..., change: (inout PlanParts) -> Void) {
        self.init(what, key, says: says, in: PlanParts(), change: change)
    }

    init(
        _ what: String, _ key: String, says: [String], in parts: PlanParts,
        change: (inout PlanParts) -> Void = { _ in }
    ) {
        var parts = parts
        change(&parts)
        (self.what, self.plan, self.key, self.says) = (what, parts.text, key, says)
    }
}

/// Values that are wrong alone.
private let wrongValues = [
    Mistake("an unknown key", "advert_intervall", says: "no such key", "did you mean advert_interval?") {
        $0.top += "advert_intervall: 1s\n"
    },
    Mistake("an unknown key of a balancer", "balancers[1].adress", says: "did you mean address?") {
        $0.balancers = $0.balancers.replacing("lb2,", with: "lb2, adress: 192.168.1.212,")
    },
    Mistake("a key that is near to none", "colour", says: "no such key", "accepted: registry_url, mode") {
        $0.top += "colour: blue\n"
    },
    Mistake("no registry_url", "registry_url", says: "is missing", "https://") { $0.top = "interface: eth0\n" },
    Mistake("a registry_url with a path", "registry_url", says: "'http://192.168.1.220/x' is not accepted") {
        $0.top = $0.top.replacing("220\n", with: "220/x\n")
    },
    Mistake("an unknown mode", "mode", says: "'nginx' is not accepted", "haproxy or lvs") {
        $0.top += "mode: nginx\n"
    },
    Mistake("no interface anywhere", "balancers[0].interface", says: "is missing", "interface for all") {
        $0.top = "registry_url: http://192.168.1.220\n"
        $0.balancers = $0.balancers.replacing("212}", with: "212, interface: eth1}")
    },
    Mistake("an interface's name that the kernel refuses", "interface", says: "'eth0 eth1' is not accepted", "eth0") {
        $0.top = $0.top.replacing("eth0", with: "eth0 eth1")
    },
    Mistake("adverts too fast", "advert_interval", says: "'10ms' is not accepted", "from 100ms to 10s") {
        $0.top += "advert_interval: 10ms\n"
    },
    Mistake("adverts without a unit", "advert_interval", says: "'1' is not accepted", "such as 200ms or 1s") {
        $0.top += "advert_interval: 1\n"
    },
    Mistake("a priority that VRRP keeps for owners", "balancers[0].priority", says: "'255'", "from 1 to 254") {
        $0.balancers = $0.balancers.replacing("211}", with: "211, priority: 255}")
    },
    Mistake("a port out of range", "nodes[1].port", says: "'70000' is not accepted", "from 1 to 65535") {
        $0.nodes = $0.nodes.replacing("202}", with: "202, port: 70000}")
    },
    Mistake("a router id out of range", "vips[0].router_id", says: "'0' is not accepted", "from 1 to 255") {
        $0.vips = $0.vips.replacing("51", with: "0")
    },
    Mistake("no router id", "vips[0].router_id", says: "is missing", "from 1 to 255") {
        $0.vips = "vips:\n  - address: 192.168.1.220/24\n"
    },
    Mistake("a virtual address without prefix", "vips[0].address", says: "'192.168.1.220'", "192.168.1.220/24") {
        $0.vips = $0.vips.replacing("/24", with: "")
    },
    Mistake("an address that is none", "nodes[0].address", says: "'192.168.1.999' is not accepted", "one host") {
        $0.nodes = $0.nodes.replacing("192.168.1.201", with: "192.168.1.999")
    },
    Mistake("a loopback address", "nodes[0].address", says: "'127.0.0.1' is not accepted", "one host") {
        $0.nodes = $0.nodes.replacing("192.168.1.201", with: "127.0.0.1")
    },
    Mistake("a name that leads out of its folder", "nodes[0].name", says: "'../node1' is not accepted", "host name") {
        $0.nodes = $0.nodes.replacing("node1", with: "../node1")
    },
    Mistake("preempt in another spelling", "preempt", says: "'yes' is not accepted", "true or false") {
        $0.top += "preempt: yes\n"
    },
    Mistake("a single balancer", "balancers", says: "1 listed; give 2 to 8", "single point of failure") {
        $0.balancers = "balancers:\n  - {name: lb1, address: 192.168.1.211}\n"
    },
    Mistake("a single node", "nodes", says: "1 listed; give 2 to 64") {
        $0.nodes = "nodes:\n  - {name: node1, address: 192.168.1.201}\n"
    },
    Mistake("no nodes at all", "nodes", says: "is missing") { $0.nodes = "" },
    Mistake("nodes that are no list", "nodes", says: "must be a list") {
        $0.nodes = "nodes:\n  node1: 192.168.1.201\n"
    },
    Mistake("a node that is only an address", "nodes[0]", says: "must hold name, address, port") {
        $0.nodes = $0.nodes.replacing("{name: node1, address: 192.168.1.201}", with: "192.168.1.201")
    },
    Mistake("a list where one value belongs", "nodes[0].port", says: "takes one value") {
        $0.nodes = $0.nodes.replacing("201}", with: "201, port: [80, 443]}")
    },
    Mistake("a value left out", "mode", says: "is empty", "haproxy or lvs") { $0.top += "mode:\n" },
    Mistake("two documents in one file", "", says: "it holds several documents") { $0.nodes += "---\nx: y\n" },
    Mistake("a tab for indentation", "", says: "no YAML", "indent with spaces") { $0.nodes += "\tx: y\n" },
]

/// Values that are good alone and wrong together.
private let wrongTogether = [
    Mistake("one router id for two entries", "vips[1].router_id", says: "51 is that of vips[0] too") {
        $0.vips += "  - address: 192.168.1.221/24\n    router_id: 51\n"
    },
    Mistake("IPv4 and IPv6 in one entry", "vips[0].address", says: "IPv4 and IPv6 cannot move", "two entries") {
        $0.vips = $0.vips.replacing("192.168.1.220/24", with: "[192.168.1.220/24, \"fd00:1::220/64\"]")
        $0.balancers = $0.balancers.replacing("192.168.1.211", with: "[192.168.1.211, \"fd00:1::211\"]")
            .replacing("192.168.1.212", with: "[192.168.1.212, \"fd00:1::212\"]")
    },
    Mistake("a balancer without the family of a vip", "balancers[1].address", says: "no IPv6 address", "vips[1]") {
        $0.vips += "  - address: fd00:1::220/64\n    router_id: 52\n"
        $0.balancers = $0.balancers.replacing("192.168.1.211", with: "[192.168.1.211, \"fd00:1::211\"]")
    },
    Mistake("a virtual address in another network", "vips[0].address", says: "not in one network with balancers[1]") {
        $0.balancers = $0.balancers.replacing("192.168.1.212", with: "192.168.2.212")
    },
    Mistake("a virtual address that is the broadcast", "vips[0].address", says: "broadcast", "take one of a host") {
        $0.top = $0.top.replacing("220", with: "255")
        $0.vips = $0.vips.replacing("220", with: "255")
    },
    Mistake("a virtual address that is a node's", "vips[0].address", says: "own address of nodes[0]") {
        $0.top = $0.top.replacing("220", with: "201")
        $0.vips = $0.vips.replacing("220", with: "201")
    },
    Mistake("a virtual address twice", "vips[1].address", says: "stands in vips[0] already") {
        $0.vips += "  - address: 192.168.1.220/24\n    router_id: 52\n"
    },
    Mistake("a registry_url that is no vip", "registry_url", says: "192.168.1.222 is none of the vips (192.168.1.220)")
    {
        $0.top = $0.top.replacing("220", with: "222")
    },
    Mistake("two balancers of one name", "balancers[1].name", says: "lb1 is the name of balancers[0] too") {
        $0.balancers = $0.balancers.replacing("lb2", with: "lb1")
    },
    Mistake("two nodes of one address", "nodes[1].address", says: "192.168.1.201 is that of nodes[0] too") {
        $0.nodes = $0.nodes.replacing("192.168.1.202", with: "192.168.1.201")
    },
    Mistake("a node with a balancer's address", "nodes[0].address", says: "192.168.1.211 is that of balancers[0]") {
        $0.nodes = $0.nodes.replacing("192.168.1.201", with: "192.168.1.211")
    },
    Mistake("a node with a balancer's name", "nodes[0].address", says: "lb1 is also balancers[0]") {
        $0.nodes = $0.nodes.replacing("node1", with: "lb1").replacing("201}", with: "201, port: 8080}")
    },
    Mistake("one priority for two balancers", "balancers[1].priority", says: "100 is that of balancers[0] too") {
        $0.balancers = $0.balancers.replacing("}", with: ", priority: 100}")
    },
    Mistake("a node on a balancer's host with HAProxy's port", "nodes[0].port", says: "HAProxy has port 80", "8080") {
        $0.nodes = $0.nodes.replacing("node1, address: 192.168.1.201", with: "lb1, address: 192.168.1.211")
    },
    Mistake("a redirect without HTTPS", "redirect_port", says: "no HTTPS to redirect to", "remove it") {
        $0.top += "redirect_port: 8080\n"
    },
    Mistake("TLS over a plain registry_url", "traffic", says: "registry_url is http", "https") {
        $0.top += "traffic: passthrough\n"
    },
    Mistake("lvs settings in mode haproxy", "lvs", says: "nothing uses it", "mode: lvs") {
        $0.top += "lvs:\n  node_side: loopback\n"
    },
]

/// Slips in plans with TLS or IPVS.
private let wrongElsewhere = [
    Mistake("terminate without certificate", "tls.certificate", says: ["is missing", "PEM"], in: .https("terminate")),
    Mistake("https without saying whose certificate", "traffic", says: ["is missing", "passthrough"], in: .https("x")) {
        $0.top = $0.top.replacing("traffic: x\n", with: "")
    },
    Mistake("plain traffic under https", "traffic", says: ["http does not fit", "terminate"], in: .https("http")),
    Mistake(
        "a certificate that nothing uses", "tls", says: ["nothing uses it", "terminate"],
        in: .https("passthrough", more: "tls:\n  certificate: /etc/x.pem\n")),
    Mistake(
        "a certificate without its whole path", "tls.certificate", says: ["'x.pem' is not accepted", "/etc/"],
        in: .https("terminate", more: "tls:\n  certificate: x.pem\n")),
    Mistake("one port for HTTPS and its redirect", "redirect_port", says: ["443"], in: .https("passthrough")) {
        $0.top += "redirect_port: 443\n"
    },
    Mistake("the kernel asked to end TLS", "traffic", says: ["cannot end TLS", "passthrough"], in: .https("terminate"))
    {
        $0.top += "mode: lvs\n"
    },
    Mistake(
        "a node that is a balancer, in mode lvs", "nodes[0].name", says: ["in circles", "mode: haproxy"], in: .lvs()
    ) {
        $0.nodes = $0.nodes.replacing("node1, address: 192.168.1.201", with: "lb1, address: 192.168.1.211")
    },
    Mistake("a node in another network, in mode lvs", "vips[0].address", says: ["nodes[1]"], in: .lvs()) {
        $0.nodes = $0.nodes.replacing("192.168.1.202", with: "10.0.0.2")
    },
    Mistake(
        "a port to translate without a firewall", "nodes[0].port", says: ["8080 is not 80", "redirect"],
        in: .lvs("lvs:\n  node_side: loopback\n")
    ) { $0.nodes = $0.nodes.replacing("201}", with: "201, port: 8080}") },
    Mistake(
        "a node's port that only redirects", "nodes[1].port", says: ["80 is redirect_port", "443"],
        in: .https("passthrough", more: "mode: lvs\n")
    ) { $0.nodes = $0.nodes.replacing("202}", with: "202, port: 80}") },
    Mistake("a limit that IPVS has not", "max_connections", says: ["mode lvs"], in: .lvs("max_connections: 10\n")),
]

@Suite("a mistake in a plan") struct MistakeTests {
    static let all = wrongValues + wrongTogether + wrongElsewhere

    @Test("gets one message that names the key and the remedy", arguments: all)
    func message(_ mistake: Mistake) throws {
        let error = try #require(throws: PlanError.self) { try ClusterPlan(yaml: mistake.plan) }
        #expect(error.faults.count == 1, "\(error)")
        let fault = try #require(error.faults.first)
        #expect(fault.key == mistake.key)
        for word in mistake.says { #expect(fault.message.contains(word), "\(fault)") }
    }

    @Test("is not in the plans that the table starts from")
    func startsAreGood() throws {
        for text in [PlanParts().text, PlanParts.lvs().text, PlanParts.https("passthrough").text] {
            #expect(throws: Never.self) { try ClusterPlan(yaml: text) }
        }
    }

    @Test("is told with its line")
    func line() throws {
        let text = PlanParts().text.replacing("router_id: 51", with: "router_id: 510")
        let error = try #require(throws: PlanError.self) { try ClusterPlan(yaml: text) }
        #expect(error.faults.map(\.line) == [5])
        #expect("\(error)".contains("line 5: vips[0].router_id: '510' is not accepted"))
    }

    @Test("of one kind does not hide one of another: all are told together")
    func together() throws {
        var parts = PlanParts()
        parts.top += "mood: lvs\nadvert_interval: never\n"
        parts.vips = parts.vips.replacing("/24", with: "/33")
        parts.nodes = parts.nodes.replacing("node2", with: "node1")
        let error = try #require(throws: PlanError.self) { try ClusterPlan(yaml: parts.text) }
        #expect(error.faults.map(\.key) == ["mood", "advert_interval", "vips[0].address", "nodes[1].name"])
        #expect("\(error)".hasPrefix("4 faults in the plan:\n"))
    }

    @Test("that leaves nothing gets the way to begin", arguments: ["", "\n# only a comment\n", "~\n"])
    func empty(_ text: String) throws {
        let error = try #require(throws: PlanError.self) { try ClusterPlan(yaml: text) }
        #expect(error.faults.map(\.message) == ["the file is empty; haven cluster example prints a plan to begin with"])
    }

    @Test("that makes no mapping of it gets the list of keys")
    func scalar() throws {
        let error = try #require(throws: PlanError.self) { try ClusterPlan(yaml: "hello\n") }
        #expect(error.faults.count == 1)
        #expect("\(error)".contains("must hold registry_url, mode"))
    }

    @Test("that says one thing twice is told by its key")
    func duplicate() throws {
        let text = PlanParts().text + "interface: eth1\n"
        let error = try #require(throws: PlanError.self) { try ClusterPlan(yaml: text) }
        #expect(error.faults.count == 1)
        #expect("\(error)".contains("interface: stands twice"))
    }

    @Test("that would blow up by aliases ends soon")
    func aliases() throws {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1...40 {
            let inner = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(inner)]\n"
        }
        let error = try #require(throws: PlanError.self) { try ClusterPlan(yaml: text + "nodes: *a40\n") }
        #expect(!error.faults.isEmpty)
    }
}
