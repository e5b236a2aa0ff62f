// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension RealServers {
    /// The recipe `Docs/deployments/virtual-address`.
    @Suite struct VirtualAddress {
        static let address = "\(TestNetwork.prefix).100"

        @Test(.timeLimit(.minutes(3)))
        func `the sentinels move the address with the master`() throws {
            try withNetwork { network in
                let nodes = try (1...3).map { try network.addHost("node\($0)", 10 + $0) }
                let client = try network.addHost("client", 31)
                for node in nodes { try start(node, master: nodes[0]) }
                for node in nodes { try node.awaitKnown("mymaster", replicas: 2, peers: 2) }
                for node in nodes.dropFirst() { try node.awaitInStep() }
                for node in nodes { try node.run(node.path("/usr/local/sbin/move-address"), "--at-start") }
                #expect(try holders(nodes) == ["node1"])

                let counter = try Counter(on: client, to: Self.address, port: 6379, asksWho: true)
                try counter.awaitWrites()

                let second = try failover(nodes, of: nodes[0], "its process killed", counter) {
                    try nodes[0].kill("redis")
                }
                try startRedis(nodes[0], master: nil)
                try settle(nodes, master: second)

                let third = try failover(nodes, of: second, "SENTINEL FAILOVER", counter) {
                    let answer = try nodes[2].ask("SENTINEL", "FAILOVER", "mymaster", port: 26379)
                    #expect(answer == "OK")
                }
                try settle(nodes, master: third)

                // The whole host is cut off and comes back as what it was: a master that holds the address.
                let fourth = try failover(nodes, of: third, "its host cut off", counter) { try network.unplug(third) }
                #expect(try third.holds(Self.address))
                // It lost its replicas longer ago than it may lack them; only then is it let back.
                try eventually("the master that was cut off lets go of its replicas", within: .seconds(15)) {
                    try third.ask("INFO", "replication").contains("connected_slaves:0")
                        && third.ask("SET", "stray", "1").hasPrefix("NOREPLICAS")
                }
                let attempts = counter.attempts
                try network.plug(third)
                try eventually("the host that came back gives the address up", within: .seconds(20)) {
                    try holders(nodes) == [fourth.label]
                }
                try settle(nodes, master: fourth)
                try counter.awaitWrites()
                counter.end()

                let refused = counter.attempts.dropFirst(attempts.count).count { $0.text.contains("NOREPLICAS") }
                #expect(refused == 0, "its questions for neighbours led the client to it")
                // Nobody took writes again after another had begun to.
                let order = [nodes[0], second, third, fourth].map { $0.path("/var/lib/redis") }
                #expect(counter.servers == order, "\(counter.takeovers), back after \(attempts.suffix(1))")
            }
        }

        /// Has the master fail, waits until another host has the address and takes writes, and returns it.
        private func failover(
            _ nodes: [TestHost], of old: TestHost, _ what: String, _ counter: Counter, by fail: () throws -> Void
        ) throws -> TestHost {
            let before = counter.writes.count
            try fail()
            let others = nodes.filter { $0 !== old }
            var withoutSince: ContinuousClock.Instant?
            var without = Duration.zero
            let next = try eventually("another host has the address", within: .seconds(30)) {
                let holders = try holders(nodes)
                if holders.isEmpty, withoutSince == nil { withoutSince = .now }
                if !holders.isEmpty, let since = withoutSince {
                    without += .now - since
                    withoutSince = nil
                }
                return others.first { holders.contains($0.label) }
            } until: {
                $0 != nil
            }
            try counter.awaitWrites()
            let outage = counter.longestOutage(afterWrites: max(0, before - 1))
            print(
                "outage virtual-address: \(what): \(outage.milliseconds) ms;"
                    + " no host had the address for \(without.milliseconds) ms")
            return next ?? old
        }

        private func holders(_ nodes: [TestHost]) throws -> [String] {
            try nodes.filter { try $0.holds(Self.address) }.map(\.label)
        }

        private func settle(_ nodes: [TestHost], master: TestHost) throws {
            for node in nodes {
                try eventually("\(node.label) is told of \(master.label)", within: .seconds(30)) {
                    try node.told("mymaster")
                } until: {
                    $0 == "\(master.address) 6379"
                }
                try node.awaitKnown("mymaster", replicas: 2, peers: 2)
            }
            for node in nodes where node !== master { try node.awaitInStep() }
            try eventually("only \(master.label) has the address", within: .seconds(10)) {
                try holders(nodes) == [master.label]
            }
        }

        private func startRedis(_ node: TestHost, master: TestHost?) throws {
            let file = try node.install(
                recipe("virtual-address/redis.conf"), at: "/etc/redis/redis.conf",
                changes: ["/var/lib/redis": node.path("/var/lib/redis")])
            try FileManager.default.createDirectory(
                atPath: node.path("/var/lib/redis"), withIntermediateDirectories: true)
            let replication = master.map { ["--replicaof", $0.address, "6379"] } ?? []
            try node.start(
                "redis",
                [try Programs.installed("redis-server"), file, "--save", "", "--repl-diskless-sync-delay", "0"]
                    + replication)
            try node.awaitAnswer(port: 6379)
        }

        private func start(_ node: TestHost, master: TestHost) throws {
            try startRedis(node, master: node === master ? nil : master)
            let defaults = node.path("/etc/default/move-address")
            let script = try node.install(
                recipe("virtual-address/move-address"), at: "/usr/local/sbin/move-address", mode: 0o755,
                changes: ["/etc/default/move-address": defaults])
            try FileManager.default.createDirectory(
                atPath: (defaults as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try """
            ADDRESS=\(Self.address)/24
            INTERFACE=eth0
            MASTER=mymaster
            LOCK=\(node.directory)/move-address.lock

            """.write(toFile: defaults, atomically: false, encoding: .utf8)
            let file = try node.install(
                recipe("virtual-address/sentinel.conf"), at: "/etc/redis/sentinel.conf",
                changes: [
                    "/var/lib/sentinel": node.path("/var/lib/sentinel"), "/usr/local/sbin/move-address": script,
                ])
            try node.startSentinel(file)
        }
    }
}
