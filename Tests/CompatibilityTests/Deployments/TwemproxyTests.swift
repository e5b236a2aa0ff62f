// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension RealServers {
    /// The recipe `Docs/deployments/twemproxy`.
    @Suite struct Twemproxy {
        static let virtualAddress = "\(TestNetwork.prefix).100"
        static let sets = ["shard-a", "shard-b"]

        @Test(.timeLimit(.minutes(3)))
        func `the proxy follows a failover, and Keepalived moves its address when its host dies`() throws {
            try withNetwork { network in
                let data = [try network.addHost("data1", 11), try network.addHost("data2", 12)]
                let proxies = [try network.addHost("proxy1", 21), try network.addHost("proxy2", 22)]
                let client = try network.addHost("client", 31)
                try startSets(data)
                // A third opinion, without a proxy to look after.
                try startSentinel(on: data[0], withScript: false)
                for (number, proxy) in proxies.enumerated() {
                    try startProxy(on: proxy, priority: 100 - 10 * number)
                    try startSentinel(on: proxy, withScript: true)
                }
                for host in [data[0]] + proxies {
                    for name in Self.sets { try host.awaitKnown(name, replicas: 1, peers: 2) }
                }
                try eventually("the first proxy has the address", within: .seconds(15)) {
                    try proxies[0].holds(Self.virtualAddress)
                }

                let keys = (0..<100).map { "key\($0)" }
                for key in keys { #expect(try askProxy(client, "SET", key, "of-\(key)") == "OK") }
                for (host, port) in [(data[1], 6379), (data[0], 6380)] { try host.awaitInStep(port: port) }
                let sizes = try [(data[0], 6379), (data[1], 6380)].map { Int(try $0.ask("DBSIZE", port: $1)) ?? 0 }
                #expect(
                    sizes.allSatisfy { $0 > 0 } && sizes.reduce(0, +) == keys.count, "keys are on both sets: \(sizes)")

                try failOver(data, proxies, client, keys)
                try moveAddress(network, proxies, client, keys)
            }
        }

        private func failOver(_ data: [TestHost], _ proxies: [TestHost], _ client: TestHost, _ keys: [String]) throws {
            let counter = try Counter(on: client, to: Self.virtualAddress, port: 22121, asksWho: false)
            try counter.awaitWrites()
            // The set that has the counter.
            let isOnFirst = try data[0].ask("EXISTS", "counter", port: 6379) == "1"
            let (name, host, port) = isOnFirst ? ("shard-a", data[0], 6379) : ("shard-b", data[1], 6380)
            let other = isOnFirst ? data[1] : data[0]
            try host.kill("redis-\(port)")
            for proxy in proxies {
                try eventually("the proxy of \(proxy.label) has the new address", within: .seconds(20)) {
                    try String(contentsOfFile: proxy.path("/etc/nutcracker/nutcracker.yml"), encoding: .utf8)
                } until: {
                    $0.contains("- \(other.address):\(port):1 \(name)")
                }
            }
            try counter.awaitWrites()
            counter.end()
            for key in keys { #expect(try askProxy(client, "GET", key) == "of-\(key)") }
            let values = counter.writes.compactMap(\.value)
            #expect(values == values.sorted())
            print("outage twemproxy: a master killed: \(counter.longestOutage().milliseconds) ms")

            // Called again, by whichever sentinel, it changes nothing: same file, same process.
            for proxy in proxies {
                try eventually("the proxy of \(proxy.label) runs again", within: .seconds(10)) {
                    try proxy.ask("PING", port: 22121) == "PONG"
                }
                let pid = try String(contentsOfFile: proxy.path("/run/nutcracker.pid"), encoding: .utf8)
                let file = proxy.path("/etc/nutcracker/nutcracker.yml")
                let inode = try FileManager.default.attributesOfItem(atPath: file)[.systemFileNumber] as? Int
                for role in ["leader", "observer"] {
                    try proxy.run(
                        proxy.path("/etc/nutcracker/reconfigure-twemproxy"), name, role, "start", host.address,
                        "\(port)",
                        other.address, "\(port)")
                }
                #expect(try String(contentsOfFile: proxy.path("/run/nutcracker.pid"), encoding: .utf8) == pid)
                #expect(try FileManager.default.attributesOfItem(atPath: file)[.systemFileNumber] as? Int == inode)
            }
            // What can't be meant leaves everything as it is.
            for words in [
                ["shard-x", "leader", "start", "a", "1", "b", "2"],
                ["shard-a", "leader", "start", "a", "1", "b\n", "2"],
            ] {
                #expect(throws: Problem.self) { () throws in
                    try proxies[0].run([proxies[0].path("/etc/nutcracker/reconfigure-twemproxy")] + words)
                }
            }
            #expect(try askProxy(client, "GET", keys[0]) == "of-\(keys[0])")
        }

        private func moveAddress(
            _ network: TestNetwork, _ proxies: [TestHost], _ client: TestHost, _ keys: [String]
        ) throws {
            let counter = try Counter(on: client, to: Self.virtualAddress, port: 22121, asksWho: false)
            try counter.awaitWrites()
            // Before Keepalived can take its leave.
            try network.unplug(proxies[0])
            proxies[0].end()
            try eventually("the second proxy has the address", within: .seconds(15)) {
                try proxies[1].holds(Self.virtualAddress)
            }
            try counter.awaitWrites()
            counter.end()
            for key in keys { #expect(try askProxy(client, "GET", key) == "of-\(key)") }
            print("outage twemproxy: a proxy's host killed: \(counter.longestOutage().milliseconds) ms")
        }

        private func askProxy(_ client: TestHost, _ words: String...) throws -> String {
            let text = try client.run(
                [try Programs.installed("redis-cli"), "-h", Self.virtualAddress, "-p", "22121"] + words)
            return text.trimmingCharacters(in: .newlines)
        }

        private func startSets(_ data: [TestHost]) throws {
            try data[0].startRedis(port: 6379)
            try data[1].startRedis(port: 6380)
            try data[1].startRedis(port: 6379, replicating: (data[0].address, 6379))
            try data[0].startRedis(port: 6380, replicating: (data[1].address, 6380))
        }

        private func startSentinel(on host: TestHost, withScript: Bool) throws {
            let file = try host.install(
                recipe("twemproxy/sentinel.conf"), at: "/etc/redis/sentinel.conf",
                changes: [
                    "/var/lib/sentinel": host.path("/var/lib/sentinel"),
                    "/etc/nutcracker/reconfigure-twemproxy":
                        withScript ? host.path("/etc/nutcracker/reconfigure-twemproxy") : "/bin/true",
                ])
            try host.startSentinel(file)
        }

        private func startProxy(on host: TestHost, priority: Int) throws {
            let conf = try host.install(recipe("twemproxy/nutcracker.yml"), at: "/etc/nutcracker/nutcracker.yml")
            let defaults = host.path("/etc/default/reconfigure-twemproxy")
            let script = try host.install(
                recipe("twemproxy/reconfigure-twemproxy"), at: "/etc/nutcracker/reconfigure-twemproxy", mode: 0o755,
                changes: ["/etc/default/reconfigure-twemproxy": defaults])
            try FileManager.default.createDirectory(
                atPath: (defaults as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try FileManager.default.createDirectory(atPath: host.path("/run"), withIntermediateDirectories: true)
            try """
            NUTCRACKER=\(Programs.installed("nutcracker"))
            NUTCRACKER_CONF=\(conf)
            NUTCRACKER_PID=\(host.path("/run/nutcracker.pid"))
            NUTCRACKER_LOG=\(host.path("/nutcracker.log"))

            """.write(toFile: defaults, atomically: false, encoding: .utf8)
            // The script also brings up a proxy that does not run.
            try host.run(script, "shard-a", "observer", "start", "0.0.0.0", "1", "\(TestNetwork.prefix).11", "6379")
            let check = try host.install(
                recipe("twemproxy/check-twemproxy"), at: "/etc/keepalived/check-twemproxy", mode: 0o755)
            let file = try host.install(
                recipe("twemproxy/keepalived.conf"), at: "/etc/keepalived/keepalived.conf",
                changes: ["/etc/keepalived/check-twemproxy": check, "priority 100": "priority \(priority)"])
            try host.startKeepalived(file)
        }
    }
}
