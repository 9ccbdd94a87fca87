// SPDX-License-Identifier: Apache-2.0
import TestKit

extension Scenario {
    /// A lost node costs no command of a client, and two seconds at most.
    private static let loss = Promise(pause: 2)
    /// What is planned costs nobody a request.
    static let planned = Promise(failedRequests: 0, pause: 2)

    /// What happens to a node.
    static let nodes = [
        Scenario(
            name: "node-kill", what: "A node loses its power, and gets it back.", promise: loss, isShort: true,
            hasLargePush: true
        ) { lab in
            let node = try lab.host("node1")
            try await node.powerOff()
            try await Task.sleep(for: duration)
            try await node.switchOn()
            try await lab.startNode("node1")
            return []
        },
        Scenario(
            name: "node-crash", what: "The server of a node is killed; it is started again by its supervisor.",
            promise: loss, hasLargePush: true
        ) { lab in
            try await lab.host("node2").signal("KILL", "haven serve")
            try await Task.sleep(for: duration)
            return []
        },
        Scenario(
            name: "node-hang", what: "The server of a node stands still for eight seconds, and goes on.",
            promise: loss, hasLargePush: true
        ) { lab in
            try await lab.host("node3").signal("STOP", "haven serve")
            try await Task.sleep(for: duration)
            try await lab.host("node3").signal("CONT", "haven serve")
            return []
        },
        Scenario(
            name: "node-cut", what: "A node's cable is cut at the switch for eight seconds.", promise: loss,
            hasLargePush: true
        ) { lab in
            try await LabNetwork.cut("node1")
            try await Task.sleep(for: duration)
            try await LabNetwork.mend("node1")
            return []
        },
        Scenario(
            name: "node-drain", what: "A node is drained by `haven node drain`, and put back.", promise: planned,
            isShort: true
        ) { lab in
            let start = ContinuousClock.now
            try await lab.haven("node drain node2", on: "node1", within: .seconds(300))
            let time = ContinuousClock.now - start
            try await Task.sleep(for: .seconds(3))
            try await lab.haven("node undrain node2", on: "node1")
            try await lab.awaitHealth(of: "node2")
            return [Figure("drained in", time)]
        },
        Scenario(
            name: "disk-full",
            what: "A node's disk is full for eight seconds: parts on their way to the store wait in memory.",
            promise: loss
        ) { lab in
            let node = try lab.host("node1")
            // The last bytes are refused, which is what is wanted.
            _ = try await node.run("cat /dev/zero > /data/filler", deadline: .seconds(60))
            try await Task.sleep(for: duration)
            try await node.check("rm /data/filler")
            return []
        },
        Scenario(
            name: "clock-jump", what: "A node's clock jumps an hour ahead for eight seconds.", promise: loss,
            usesPassword: true
        ) { lab in
            let clock = "/etc/haven/clock"
            let node = try lab.host("node3")
            try await lab.stopNode("node3")
            try await node.check("echo +0 > \(clock)")
            try await lab.startNode("node3", environment: FakeTime.environment(of: clock))
            try await node.check("echo +1h > \(clock)")
            try await Task.sleep(for: duration)
            try await node.check("echo +0 > \(clock)")
            try await lab.awaitHealth(of: "node3")
            try await lab.stopNode("node3")
            try await node.check("rm \(clock)")
            try await lab.startNode("node3")
            return []
        },
    ]
}
