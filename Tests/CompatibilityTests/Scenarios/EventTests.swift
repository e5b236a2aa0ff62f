// SPDX-License-Identifier: Apache-2.0

import Testing

extension RealServers {
    /// - Source: spec/monitoring.md 9 (event table and order); spec/commands.md 5.4 (message forms).
    @Suite struct Events {
        @Test(.timeLimit(.minutes(3)))
        func `subscribers see each step of a failover with its exact payload`() throws {
            try withCluster(sentinels: [.ours, .ours, .original]) { cluster in
                let name = cluster.masterName
                let old = cluster.group.servers[0]
                let ids = try cluster.sentinels.map { try $0.myID() }
                let all = try cluster.sentinels.map { try Subscription(port: $0.port, patterns: ["*"]) }
                let chosen = try cluster.sentinels.map {
                    try Subscription(port: $0.port, channels: ["+switch-master", "+sdown"])
                }
                old.process.kill()
                let switched = { (message: Subscription.Message) in message.channel == "+switch-master" }
                for subscription in all + chosen { try subscription.collect(within: .seconds(60), until: switched) }
                // Two `+slave` follow the switch.
                for subscription in all {
                    for _ in 0..<2 { try subscription.collect(within: .seconds(5)) { $0.channel == "+slave" } }
                }
                // A vote is told once it is on disk, which may take longer than the failover.
                let voted = { (message: Subscription.Message) in message.channel == "+vote-for-leader" }
                for subscription in all where !subscription.messages.contains(where: voted) {
                    try subscription.collect(within: .seconds(20), until: voted)
                }
                let promoted = try cluster.agreedMaster(otherThan: old, within: .seconds(30))
                let third = cluster.group.servers.first { $0 !== old && $0 !== promoted }!

                let payloads = EventPayloads(
                    name: name, old: old.port, new: promoted.port, third: third.port,
                    sentinels: zip(ids, cluster.sentinels).map { ($0, $1.port) })
                for (sentinel, subscription) in zip(cluster.sentinels, all) {
                    for message in subscription.messages {
                        #expect(payloads.allow(message), "\(sentinel.name) published: \(message)")
                    }
                    let names = subscription.messages.map(\.channel)
                    let isLeader = names.contains("+elected-leader")
                    for order in isLeader ? [FailoverOrder.leader(tellsRoles: true)] : FailoverOrder.observer {
                        #expect(firstOutOfOrder(order, in: names) == nil, "\(sentinel.name) published \(names)")
                    }
                }
                #expect(all.contains { $0.messages.contains { $0.channel == "+elected-leader" } })
                for (subscription, chosen) in zip(all, chosen) {
                    let wanted = ["+switch-master", "+sdown"]
                    let upToSwitch =
                        subscription.messages.prefix { $0.channel != "+switch-master" }
                        + subscription.messages.filter(switched).prefix(1)
                    #expect(chosen.messages == upToSwitch.filter { wanted.contains($0.channel) })
                }
            }
        }
    }
}

/// The payloads that the events of one failover may have.
private struct EventPayloads {
    let name: String
    let old: UInt16
    let new: UInt16
    let third: UInt16
    let sentinels: [(id: String, port: UInt16)]

    private func master(_ port: UInt16) -> String { "master \(name) 127.0.0.1 \(port)" }
    private func replica(_ port: UInt16, of master: UInt16) -> String {
        "slave 127.0.0.1:\(port) 127.0.0.1 \(port) @ \(name) 127.0.0.1 \(master)"
    }
    private var peers: [String] {
        [old, new].flatMap { master in
            sentinels.map { "sentinel \($0.id) 127.0.0.1 \($0.port) @ \(name) 127.0.0.1 \(master)" }
        }
    }

    func allow(_ message: Subscription.Message) -> Bool {
        let payload = message.payload
        return switch message.channel {
        case "+sdown", "-sdown":
            // The old master may be found down again, as a replica of the new one; anybody is on a machine that stands
            // still for a moment.
            ([master(old), master(new), replica(old, of: new), replica(new, of: old)]
                + [replica(third, of: old), replica(third, of: new)] + peers).contains(payload)
        case "-failover-abort-not-elected", "-failover-abort-no-good-slave": payload == master(old)
        case "+tilt": payload == "#tilt mode entered"
        case "-tilt": payload == "#tilt mode exited"
        case "+odown": ["2/2", "3/2"].contains { payload == "\(master(old)) #quorum \($0)" }
        case "-odown", "+try-failover", "+elected-leader", "+failover-state-select-slave",
            "+failover-state-reconf-slaves", "+failover-end":
            payload == master(old)
        case "+new-epoch": UInt64(payload).map { $0 > 0 } ?? false
        case "+vote-for-leader":
            sentinels.contains { payload.hasPrefix("\($0.id) ") && UInt64(payload.dropFirst(41)) != nil }
        case "+selected-slave", "+failover-state-send-slaveof-noone", "+failover-state-wait-promotion",
            "+promoted-slave":
            payload == replica(new, of: old)
        case "+slave-reconf-sent", "+slave-reconf-inprog", "+slave-reconf-done": payload == replica(third, of: old)
        case "-role-change", "+role-change":
            ["master", "slave"].contains { role in
                [master(old), master(new), replica(new, of: old), replica(third, of: old)]
                    .contains { payload == "\($0) new reported role is \(role)" }
            }
        case "+config-update-from": peers.contains(payload)
        case "+switch-master": payload == "\(name) 127.0.0.1 \(old) 127.0.0.1 \(new)"
        case "+slave": [replica(third, of: new), replica(old, of: new)].contains(payload)
        case "-cmd-link-reconnection", "-pubsub-link-reconnection": payload.contains(" #")
        default: false
        }
    }
}
