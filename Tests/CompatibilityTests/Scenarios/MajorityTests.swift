// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension RealServers {
    /// - Source: spec/monitoring.md 4 (quorum), 5.4 (majority), 1 (tilt).
    @Suite struct Majority {
        enum Fault: CaseIterable { case stopped, killed }

        @Test(.timeLimit(.minutes(3)), arguments: Fault.allCases)
        func `two of three fail over, and the third follows when it is back`(fault: Fault) throws {
            try withCluster { cluster in
                let master = cluster.group.servers[0]
                let absent = cluster.sentinels[2]
                switch fault {
                case .stopped: absent.process.stop()
                case .killed: absent.process.kill()
                }
                master.process.kill()
                let present = Array(cluster.sentinels.prefix(2))
                let promoted = try cluster.agreedMaster(among: present, otherThan: master, within: .seconds(60))
                #expect(try promoted.ask("SET", "k", "1") == .simple("OK"))

                switch fault {
                case .stopped: absent.process.cont()
                case .killed: try absent.restart()
                }
                #expect(try cluster.agreedMaster(within: .seconds(60)) === promoted)
            }
        }

        @Test(.timeLimit(.minutes(4)))
        func `one of three does not, however long the master is down; a second one back makes it happen`() throws {
            try withCluster(failoverTimeout: .seconds(2)) { cluster in
                let master = cluster.group.servers[0]
                let replicas = cluster.group.others(than: master)
                let alone = cluster.sentinels[0]
                cluster.sentinels[1].process.stop()
                cluster.sentinels[2].process.kill()
                master.process.kill()
                try eventually("the one left sees the master down", within: .seconds(10)) {
                    try alone.master(cluster.masterName)["flags"] ?? ""
                } until: {
                    $0.hasPrefix("s_down")
                }

                // Four times the failover timeout: time for two attempts.
                try throughout("no replica is promoted", for: .seconds(8)) {
                    (
                        roles: try replicas.map { try $0.role },
                        port: try alone.masterPort(cluster.masterName),
                        flags: try alone.replicas(cluster.masterName).map { $0["flags"] ?? "" }
                    )
                } holds: { seen in
                    seen.roles == ["slave", "slave"] && seen.port == master.port
                        && !seen.flags.contains { $0.contains("promoted") }
                }
                let events = Set(alone.events().map(\.name))
                #expect(events.isDisjoint(with: ["+elected-leader", "+odown", "+promoted-slave", "+switch-master"]))

                cluster.sentinels[1].process.cont()
                let awake = Array(cluster.sentinels.prefix(2))
                let promoted = try cluster.agreedMaster(among: awake, otherThan: master, within: .seconds(90))
                #expect(try promoted.ask("SET", "k", "1") == .simple("OK"))
                try cluster.sentinels[2].restart()
                #expect(try cluster.agreedMaster(within: .seconds(60)) === promoted)
            }
        }
    }
}
