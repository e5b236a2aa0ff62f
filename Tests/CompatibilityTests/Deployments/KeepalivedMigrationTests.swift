// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension RealServers {
    /// The recipe `Docs/deployments/keepalived-migration`: two Redis servers on each of two hosts.
    @Suite struct KeepalivedMigration {
        static let cacheAddress = "\(TestNetwork.prefix).100"
        static let sessionsAddress = "\(TestNetwork.prefix).101"

        @Test(.timeLimit(.minutes(4)))
        func `sentinels take the role over from Keepalived, which goes on to move the address`() throws {
            try withNetwork { network in
                let data = [try network.addHost("redis1", 11), try network.addHost("redis2", 12)]
                let third = try network.addHost("third", 13)
                let client = try network.addHost("client", 31)

                // Where it begins: Keepalived alone.
                for host in data { for port in [6379, 6380] { try host.startRedis(port: port) } }
                var daemons: [String: ServerProcess] = [:]
                for host in data {
                    try install(on: host)
                    daemons[host.label] = try host.startKeepalived(configure(host, "keepalived-1-alone.conf"))
                    try awaitAddress(Self.cacheAddress, at: data[0], of: data)
                }
                try awaitAddress(Self.sessionsAddress, at: data[0], of: data)
                for port in [6379, 6380] { try data[1].awaitInStep(port: port) }
                let cache = try Counter(on: client, to: Self.cacheAddress, port: 6379, asksWho: true)
                let sessions = try Counter(on: client, to: Self.sessionsAddress, port: 6380, asksWho: true)
                for counter in [cache, sessions] { try counter.awaitWrites() }

                // Its scripted switch, of one of two instances.
                try measure("Keepalived alone: a master killed", cache) {
                    try data[0].kill("redis-6379")
                    try awaitAddress(Self.cacheAddress, at: data[1], of: data)
                }
                try data[0].startRedis(port: 6379)
                try data[0].awaitInStep(port: 6379)
                // Manual, back again: with nopreempt only when the one that has the address lets go of it.
                try measure("Keepalived alone: moved by hand", cache) {
                    daemons["redis2"]?.signal(SIGTERM)
                    _ = try daemons["redis2"]?.waitForExit(within: .seconds(10))
                    try awaitAddress(Self.cacheAddress, at: data[0], of: data)
                    try data[1].ask("REPLICAOF", data[0].address, "6379")
                }
                try data[1].awaitInStep(port: 6379)
                daemons["redis2"] = try data[1].startKeepalived(configure(data[1], "keepalived-1-alone.conf"))

                // The roles are taken from Keepalived, on the host without the address first; then the sentinels come.
                try measure("the migration itself", cache) {
                    try reload(data.reversed(), "keepalived-2-address.conf", daemons)
                    for host in data + [third] { try startSentinel(host) }
                    for host in data + [third] {
                        for name in ["cache", "sessions"] { try host.awaitKnown(name, replicas: 1, peers: 2) }
                    }
                    try reload(data.reversed(), "keepalived-3-sentinels.conf", daemons)
                    try cache.awaitWrites(200)
                }
                #expect(try data[0].holds(Self.cacheAddress) && data[0].holds(Self.sessionsAddress))

                // Now the sentinels decide.
                try measure("sentinels and Keepalived: a master killed", cache) {
                    try data[0].kill("redis-6379")
                    try awaitAddress(Self.cacheAddress, at: data[1], of: data)
                }
                #expect(try data[0].holds(Self.sessionsAddress))
                try data[0].startRedis(port: 6379)
                try data[0].awaitInStep(port: 6379)
                for host in data + [third] { try host.awaitKnown("cache", replicas: 1, peers: 2) }
                try measure("sentinels and Keepalived: SENTINEL FAILOVER", cache) {
                    try third.ask("SENTINEL", "FAILOVER", "cache", port: 26379)
                    try awaitAddress(Self.cacheAddress, at: data[0], of: data)
                }
                for host in data + [third] { try host.awaitKnown("cache", replicas: 1, peers: 2) }
                try data[1].awaitInStep(port: 6379)
                #expect(sessions.servers == [data[0].path("/var/lib/redis-6380")], "the other instance was left alone")

                // A host cut off gives the address up by itself, so it is not there twice when the host comes back.
                try measure("sentinels and Keepalived: a host cut off", cache) {
                    try network.unplug(data[0])
                    for address in [Self.cacheAddress, Self.sessionsAddress] {
                        try awaitAddress(address, at: data[1], of: data)
                    }
                }
                try network.plug(data[0])
                for port in [6379, 6380] { try data[0].awaitInStep(port: port) }
                for counter in [cache, sessions] {
                    try counter.awaitWrites()
                    counter.end()
                }
                let path = "/var/lib/redis-6379"
                let order = [data[0], data[1], data[0], data[1], data[0], data[1]].map { $0.path(path) }
                #expect(cache.servers == order, "one after the other took writes, never two in turn")
            }
        }

        private func awaitAddress(_ address: String, at host: TestHost, of hosts: [TestHost]) throws {
            try eventually("only \(host.label) has \(address)", within: .seconds(30)) {
                try hosts.filter { try $0.holds(address) }.map(\.label)
            } until: {
                $0 == [host.label]
            }
        }

        private func measure(_ what: String, _ counter: Counter, _ body: () throws -> Void) throws {
            let before = counter.writes.count
            try body()
            try counter.awaitWrites()
            let writes = counter.writes.dropFirst(max(0, before - 1))
            let repeated = zip(writes, writes.dropFirst()).reduce(0) {
                $0 + max(0, ($1.0.value ?? 0) + 1 - ($1.1.value ?? 0))
            }
            print(
                "outage keepalived-migration: \(what): \(counter.longestOutage(afterWrites: before - 1).milliseconds) ms,"
                    + " \(repeated) acknowledged writes lost")
        }

        private func install(on host: TestHost) throws {
            for script in ["set-role", "check-redis", "check-master"] {
                try host.install(
                    recipe("keepalived-migration/\(script)"), at: "/etc/keepalived/\(script)", mode: 0o755)
            }
        }

        /// Puts a configuration on the host as the recipe says: own priority, own and the other's address.
        private func configure(_ host: TestHost, _ file: String) throws -> String {
            var changes = ["/etc/keepalived/": host.path("/etc/keepalived/")]
            if host.label == "redis2" {
                changes["priority 150"] = "priority 100"
                if file.contains("alone") { changes["replica 192.0.2.12"] = "replica 192.0.2.11" }
                if file.contains("sentinels") {
                    changes[" 192.0.2.11 6379"] = " 192.0.2.12 6379"
                    changes[" 192.0.2.11 6380"] = " 192.0.2.12 6380"
                }
            }
            return try host.install(
                recipe("keepalived-migration/\(file)"), at: "/etc/keepalived/keepalived.conf", changes: changes)
        }

        private func reload(_ hosts: [TestHost], _ file: String, _ daemons: [String: ServerProcess]) throws {
            for host in hosts {
                _ = try configure(host, file)
                daemons[host.label]?.signal(SIGHUP)
                try eventually("Keepalived of \(host.label) has read \(file)", within: .seconds(10)) {
                    let log = daemons[host.label]?.errors() ?? ""
                    return log.components(separatedBy: "Reload complete").count - 1
                } until: {
                    $0 >= (file.contains("address") ? 1 : 2)
                }
            }
        }

        private func startSentinel(_ host: TestHost) throws {
            try host.startSentinel(
                host.install(
                    recipe("keepalived-migration/sentinel.conf"), at: "/etc/redis/sentinel.conf",
                    changes: ["/var/lib/sentinel": host.path("/var/lib/sentinel")]))
        }
    }
}
