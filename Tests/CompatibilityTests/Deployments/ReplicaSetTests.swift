// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension RealServers {
    /// The recipe `Docs/deployments/replica-set`: passwords, fixed ports, a sentinel in the background.
    @Suite struct ReplicaSet {
        /// What the leader logs after a master's end, in this order; `MASTER` and `CHOSEN` stand for addresses.
        private static let steps = [
            "+sdown master mymaster MASTER", "+odown master mymaster MASTER #quorum 1/1", "+new-epoch 4",
            "+try-failover master mymaster MASTER", "+vote-for-leader 6d7f1c5a2b90e3481c64a7f35e0b92d8a1c4f673 4",
            "+elected-leader master mymaster MASTER", "+failover-state-select-slave master mymaster MASTER",
            "+selected-slave slave CHOSEN @ mymaster MASTER",
            "+failover-state-send-slaveof-noone slave CHOSEN @ mymaster MASTER",
            "+failover-state-wait-promotion slave CHOSEN @ mymaster MASTER",
            "+promoted-slave slave CHOSEN @ mymaster MASTER",
            "+failover-state-reconf-slaves master mymaster MASTER", "+slave-reconf-sent slave OTHER @ mymaster MASTER",
            "+slave-reconf-inprog slave OTHER @ mymaster MASTER", "+slave-reconf-done slave OTHER @ mymaster MASTER",
            "+failover-end master mymaster MASTER", "+switch-master mymaster MASTER NEW",
            "+slave slave OTHER @ mymaster NEW", "+slave slave OLD @ mymaster NEW",
        ]

        @Test(.timeLimit(.minutes(3)))
        func `one sentinel in the background moves a set with passwords, and tells the usual story`() throws {
            try withNetwork { network in
                let host = try network.addHost("host", 11)
                for port in [6380, 6381, 6382] { try startRedis(host, port) }
                for port in [6381, 6382] { try awaitInStep(host, port) }
                let file = try host.install(
                    recipe("replica-set/sentinel.conf"), at: "/etc/redis/sentinel.conf",
                    changes: [
                        "/var/log/redis/sentinel.log": host.path("/sentinel.log"),
                        "/run/sentinel.pid": host.path("/sentinel.pid"), "/var/lib/sentinel": host.directory,
                    ])
                // In the background: the command ends, the sentinel stays.
                try host.run(try SentinelProgram.ours.path(), file)
                try host.awaitAnswer(port: 26379)
                let pid = try #require(pid_t(text(host.path("/sentinel.pid")).trimmingCharacters(in: .newlines)))
                #expect(kill(pid, 0) == 0)
                try host.awaitKnown("mymaster", replicas: 2, peers: 0)
                #expect(try host.ask("SENTINEL", "MYID", port: 26379) == "6d7f1c5a2b90e3481c64a7f35e0b92d8a1c4f673")

                let python = try PythonClient(on: host, password: "example-password")
                try python.expect(master: 6380, slaves: [6381, 6382])
                let counter = try Counter(
                    on: host, to: "127.0.0.1", port: 26379, asksWho: false, password: "example-password",
                    master: "mymaster")
                try counter.awaitWrites()

                let mark = try text(host.path("/sentinel.log")).count
                try host.kill("redis-6380")
                try eventually("the failover has ended", within: .seconds(30)) {
                    try text(host.path("/sentinel.log")).dropFirst(mark).contains("+slave slave 127.0.0.1:6380")
                }
                try counter.awaitWrites()
                counter.end()
                print("outage replica-set: a master killed, one sentinel: \(counter.longestOutage().milliseconds) ms")
                let chosen = try #require(Int(host.told("mymaster").split(separator: " ").last ?? ""))
                let other = chosen == 6381 ? 6382 : 6381
                try expectStory(
                    String(text(host.path("/sentinel.log")).dropFirst(mark)), master: 6380, chosen: chosen, other: other
                )
                // The client is one that began before the failover and did not look again until now.
                try python.expect(master: chosen, slaves: [other])

                try startRedis(host, 6380)
                try eventually("the old master is a replica, in its own file as well", within: .seconds(30)) {
                    try text(host.path("/etc/redis/redis-6380.conf"))
                } until: {
                    $0.contains("replicaof 127.0.0.1 \(chosen)")
                }
                try awaitInStep(host, 6380)
                let log = try text(host.path("/sentinel.log"))
                for event in ["-sdown slave", "+convert-to-slave slave"] {
                    #expect(
                        log.contains("\(event) 127.0.0.1:6380 127.0.0.1 6380 @ mymaster 127.0.0.1 \(chosen)"),
                        "\(event)")
                }
                try python.expect(master: chosen, slaves: [other, 6380])
                #expect(!log.contains("example-password"))

                kill(pid, SIGTERM)
                try eventually("it ends and takes its pid file along", within: .seconds(10)) {
                    kill(pid, 0) != 0 && !FileManager.default.fileExists(atPath: host.path("/sentinel.pid"))
                }
            }
        }

        @Test(.timeLimit(.minutes(3)))
        func `with three sentinels a host may go, with its master and its sentinel`() throws {
            try withNetwork { network in
                let hosts = try (1...3).map { try network.addHost("host\($0)", 10 + $0) }
                for host in hosts {
                    let master = host === hosts[0] ? nil : (address: hosts[0].address, port: 6380)
                    try host.startRedis(
                        port: 6380, replicating: master,
                        options: ["--requirepass", "example-password", "--masterauth", "example-password"])
                    // As the recipe says: another address, quorum 2, and no identity of another.
                    let file = try host.install(
                        recipe("replica-set/sentinel.conf"), at: "/etc/redis/sentinel.conf",
                        changes: [
                            "/var/log/redis/sentinel.log": host.path("/sentinel.log"),
                            "/run/sentinel.pid": host.path("/sentinel.pid"), "/var/lib/sentinel": host.directory,
                            "sentinel myid 6d7f1c5a2b90e3481c64a7f35e0b92d8a1c4f673\n": "",
                            "127.0.0.1 6380 1": "\(hosts[0].address) 6380 2",
                            "known-slave mymaster 127.0.0.1 6381": "known-slave mymaster \(hosts[1].address) 6380",
                            "known-slave mymaster 127.0.0.1 6382": "known-slave mymaster \(hosts[2].address) 6380",
                        ])
                    try host.run(try SentinelProgram.ours.path(), file)
                    try host.awaitAnswer(port: 26379)
                }
                for host in hosts { try host.awaitKnown("mymaster", replicas: 2, peers: 2) }
                let counter = try Counter(
                    on: hosts[2], to: hosts[1].address, port: 26379, asksWho: true, password: "example-password",
                    master: "mymaster")
                try counter.awaitWrites()
                hosts[0].end()
                try network.unplug(hosts[0])
                try eventually("the others agree on a new master", within: .seconds(30)) {
                    try hosts.dropFirst().map { try $0.told("mymaster") }
                } until: {
                    Set($0).count == 1 && !$0[0].hasPrefix(hosts[0].address)
                }
                try counter.awaitWrites()
                counter.end()
                print("outage replica-set: a host lost, three sentinels: \(counter.longestOutage().milliseconds) ms")
                #expect(counter.servers.count == 2)
            }
        }

        private func expectStory(_ log: String, master: Int, chosen: Int, other: Int) throws {
            func address(_ port: Int) -> String { "127.0.0.1 \(port)" }
            func slave(_ port: Int) -> String { "127.0.0.1:\(port) 127.0.0.1 \(port)" }
            var rest = log.split(separator: "\n").compactMap { line in
                // `PID:X DATE * EVENT`; what is before the level is not of interest.
                line.split(separator: " ", maxSplits: 6).last.map(String.init)
            }[...]
            for step in Self.steps {
                let line = step.replacingOccurrences(of: "CHOSEN", with: slave(chosen))
                    .replacingOccurrences(of: "OTHER", with: slave(other))
                    .replacingOccurrences(of: "OLD", with: slave(master))
                    .replacingOccurrences(of: "MASTER", with: address(master))
                    .replacingOccurrences(of: "NEW", with: address(chosen))
                guard let index = rest.firstIndex(of: line) else {
                    Issue.record("the log has no '\(line)' where it belongs:\n\(log)")
                    return
                }
                rest = rest[(index + 1)...]
            }
        }

        private func startRedis(_ host: TestHost, _ port: Int) throws {
            let path = host.path("/etc/redis/redis-\(port).conf")
            // A second start uses the file as Redis left it.
            if !FileManager.default.fileExists(atPath: path) {
                try host.install(
                    recipe("replica-set/redis-\(port).conf"), at: "/etc/redis/redis-\(port).conf",
                    changes: ["/var/lib/redis-\(port)": host.path("/var/lib/redis-\(port)")])
                try FileManager.default.createDirectory(
                    atPath: host.path("/var/lib/redis-\(port)"), withIntermediateDirectories: true)
            }
            try host.start("redis-\(port)", [try Programs.installed("redis-server"), path])
            try host.awaitAnswer(port: port)
        }

        private func awaitInStep(_ host: TestHost, _ port: Int) throws {
            try eventually("\(port) is in step", within: .seconds(30)) {
                try host.run(
                    try Programs.installed("redis-cli"), "--no-auth-warning", "-a", "example-password", "-p", "\(port)",
                    "INFO", "replication"
                ).contains("master_link_status:up")
            }
        }

        private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }
    }
}

/// redis-py on a host, used as an application would: found through the sentinel, written to and read from.
private final class PythonClient {
    private let host: TestHost
    private let password: String

    init(on host: TestHost, password: String) throws {
        self.host = host
        self.password = password
    }

    func expect(master: Int, slaves: [Int]) throws {
        let script = """
            import sys
            from redis.sentinel import Sentinel
            password, master, slaves = sys.argv[1], int(sys.argv[2]), sorted(int(one) for one in sys.argv[3:])
            sentinel = Sentinel([("127.0.0.1", 26379)], socket_timeout=2, password=password)
            found = sentinel.discover_master("mymaster")
            assert found == ("127.0.0.1", master), found
            others = sorted(port for _, port in sentinel.discover_slaves("mymaster"))
            assert others == slaves, others
            sentinel.master_for("mymaster").set("key", master)
            assert sentinel.master_for("mymaster").wait(1, 2000) >= 1
            assert sentinel.slave_for("mymaster").get("key") in (str(master).encode(), None)
            assert sentinel.slave_for("mymaster").role()[0] in (b"slave", "slave")
            """
        try eventually("redis-py finds \(master) and \(slaves)", within: .seconds(20)) {
            _ = try host.run(
                [Programs.repository + "/.build/python/bin/python3", "-c", script, password, "\(master)"]
                    + slaves.map(String.init))
            return true
        }
    }
}
