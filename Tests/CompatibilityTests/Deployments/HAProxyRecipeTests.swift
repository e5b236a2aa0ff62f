// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension RealServers {
    /// The recipe `Docs/deployments/haproxy`.
    @Suite struct HAProxyRecipe {
        @Test(.timeLimit(.minutes(3)))
        func `clients of the proxy reach the master, before and after a failover`() throws {
            try withNetwork { network in
                let nodes = try (1...3).map { try network.addHost("node\($0)", 10 + $0) }
                let proxy = try network.addHost("proxy", 21)
                let client = try network.addHost("client", 31)
                let passwords = ["--requirepass", "example-password", "--masterauth", "example-password"]
                for node in nodes {
                    let master = node === nodes[0] ? nil : (address: nodes[0].address, port: 6379)
                    try node.startRedis(replicating: master, options: passwords)
                    try node.startSentinel(
                        node.install(
                            recipe("haproxy/sentinel.conf"), at: "/etc/redis/sentinel.conf",
                            changes: ["/var/lib/sentinel": node.path("/var/lib/sentinel")]))
                }
                for node in nodes { try node.awaitKnown("mymaster", replicas: 2, peers: 2) }
                let file = try proxy.install(recipe("haproxy/haproxy.cfg"), at: "/etc/haproxy/haproxy.cfg")
                try proxy.start("haproxy", [try Programs.installed("haproxy"), "-db", "-f", file])

                let counter = try Counter(
                    on: client, to: proxy.address, port: 6379, asksWho: true, password: "example-password")
                try counter.awaitWrites()
                try nodes[0].kill("redis-6379")
                try counter.awaitWrites()
                let promoted = try nodes[1].told("mymaster")
                print("outage haproxy: a master killed: \(counter.longestOutage().milliseconds) ms")

                // It comes back as a master; the proxy must not take it for the one.
                try nodes[0].startRedis(options: passwords)
                for node in nodes { try node.awaitKnown("mymaster", replicas: 2, peers: 2) }
                try counter.awaitWrites()
                let before = counter.writes.count
                let demoted = counter.servers.last
                try nodes[0].ask("SENTINEL", "FAILOVER", "mymaster", port: 26379)
                try eventually("another master is told", within: .seconds(20)) {
                    try nodes[1].told("mymaster")
                } until: {
                    $0 != promoted
                }
                try eventually("another master takes the writes", within: .seconds(10)) {
                    counter.servers.last != demoted
                }
                try counter.awaitWrites()
                counter.end()
                print(
                    "outage haproxy: SENTINEL FAILOVER: \(counter.longestOutage(afterWrites: before - 1).milliseconds) ms"
                )
                let first = nodes[0].path("/var/lib/redis-6379")
                #expect(counter.servers.count == 3 && counter.servers.first == first, "\(counter.servers)")
            }
        }
    }
}
