// SPDX-License-Identifier: Apache-2.0
import TestKit

extension Scenario {
    private static let takeover = "takeover"
    /// A lost balancer costs no command of a client, and a second.
    private static let loss = Promise(pause: 2, figures: [takeover: 1])
    private static let slowLoss = Promise(pause: 5, figures: [takeover: 4])

    /// What happens to a balancer.
    static let balancers = [
        Scenario(
            name: "balancer-kill", what: "The balancer with the virtual address loses its power, and gets it back.",
            promise: loss, isShort: true, hasLargePush: true, cutsClients: true, act: killOwner),
        Scenario(
            name: "balancer-kill-1s", what: "The same, with adverts every second, as in the guide of old.",
            promise: slowLoss
        ) { lab in
            try await setAdverts("1", lab)
            let figures = try await killOwner(lab)
            try await setAdverts("0.2", lab)
            return figures
        },
        Scenario(
            name: "balancer-hang",
            what: "Everything on the balancer with the virtual address stands still, and goes on.",
            promise: loss, hasLargePush: true
        ) { lab in
            let (owner, standby) = (try await lab.owner(), try await lab.standby())
            try await lab.host(owner).check("pkill -STOP -x keepalived; pkill -STOP -x haproxy")
            let time = try await lab.awaitTakeover(by: standby)
            try await Task.sleep(for: duration)
            try await lab.host(owner).check("pkill -CONT -x haproxy; pkill -CONT -x keepalived")
            return [Figure(takeover, time)]
        },
        Scenario(
            name: "balancer-drain",
            what: "The balancer with the virtual address is drained by its script, and started again.",
            promise: planned
        ) { lab in
            let (owner, standby) = (try await lab.owner(), try await lab.standby())
            async let time = lab.awaitTakeover(by: standby)
            try await lab.host(owner).check("drain-balancer.sh")
            try await Task.sleep(for: .seconds(3))
            try await lab.startBalancer(owner)
            return [Figure(takeover, try await time)]
        },
        Scenario(
            name: "balancer-split",
            what: "Nothing passes between the balancers for nine seconds: both take the virtual address.",
            promise: Promise()
        ) { lab in
            let standby = try await lab.standby()
            try await LabNetwork.split("lb1", "lb2")
            _ = try await lab.awaitTakeover(by: standby)
            try await Task.sleep(for: .seconds(9))
            try await LabNetwork.heal()
            let start = ContinuousClock.now
            let isOne = try await eventually(within: .seconds(20)) {
                let first = try await lab.hasVirtualAddress("lb1")
                return try await lab.hasVirtualAddress("lb2") != first
            }
            guard isOne else { throw ToolFailure(what: "both balancers keep \(LabAddress.virtual)") }
            return [Figure("one owner after", ContinuousClock.now - start)]
        },
        Scenario(
            name: "haproxy-kill",
            what: "HAProxy is killed on the balancer with the virtual address; its service starts it again.",
            promise: Promise(pause: 2), isShort: true, hasLargePush: true, cutsClients: true
        ) { lab in
            try await lab.host(try await lab.owner()).check("pkill -KILL -x haproxy")
            try await Task.sleep(for: duration)
            return []
        },
        Scenario(
            name: "haproxy-hang",
            what: "HAProxy stands still on the balancer with the virtual address; after eight seconds it goes on.",
            // docker gives a command up when its first request is cut off.
            promise: Promise(failedCommands: nil, pause: 4, figures: [takeover: 4]), hasLargePush: true
        ) { lab in
            let (owner, standby) = (try await lab.owner(), try await lab.standby())
            try await lab.host(owner).check("pkill -STOP -x haproxy")
            let time = try await lab.awaitTakeover(by: standby)
            try await Task.sleep(for: duration)
            try await lab.host(owner).check("pkill -CONT -x haproxy")
            return [Figure(takeover, time)]
        },
    ]

    @Sendable private static func killOwner(_ lab: Lab) async throws -> [Figure] {
        let (owner, standby) = (try await lab.owner(), try await lab.standby())
        let host = try lab.host(owner)
        async let time = lab.awaitTakeover(by: standby)
        try await host.powerOff()
        let takeover = try await time
        try await Task.sleep(for: duration)
        try await host.switchOn()
        try await lab.startBalancer(owner)
        return [Figure(Self.takeover, takeover)]
    }

    private static func setAdverts(_ seconds: String, _ lab: Lab) async throws {
        for name in LabAddress.balancers {
            try await lab.host(name).check(
                "sed -i 's/advert_int .*/advert_int \(seconds)/' /etc/keepalived/keepalived.conf; systemctl reload keepalived"
            )
        }
        try await Task.sleep(for: .seconds(5))
    }
}
