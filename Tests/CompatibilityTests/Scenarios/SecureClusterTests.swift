// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension RealServers {
    /// Everything over TLS, and everybody has to show a certificate: clients, replicas, sentinels.
    ///
    /// - Source: spec/monitoring.md 2 (`tls-replication`), 6 (which port a hello tells).
    @Suite struct `Secure cluster` {
        @Test(
            .timeLimit(.minutes(3)),
            arguments: [[SentinelProgram.ours, .ours, .ours], [SentinelProgram.ours, .original, .original]])
        func `discovers, fails over and takes the old master back`(programs: [SentinelProgram]) throws {
            try withCluster(sentinels: programs, security: try Security()) { cluster in
                let old = cluster.group.servers[0]
                let survivors = cluster.group.others(than: old)
                for sentinel in cluster.sentinels {
                    let ports = try sentinel.peers(cluster.masterName).compactMap { $0["port"] }
                    let others = cluster.sentinels.filter { $0 !== sentinel }.map { "\($0.port)" }
                    #expect(ports.sorted() == others.sorted(), "the TLS ports of the others")
                }
                old.process.kill()
                let promoted = try cluster.acceptingWrites(survivors, key: "k", within: .seconds(60))
                #expect(try cluster.agreedMaster(otherThan: old, within: .seconds(30)) === promoted)
                try old.restart()
                try eventually("the old master is a replica of the new one", within: .seconds(60)) {
                    try old.replicates(from: promoted)
                }
                try cluster.settle(master: promoted)
                for sentinel in cluster.sentinels where sentinel.program == .ours {
                    let log = sentinel.process.log()
                    #expect(!log.contains("plaintext"), "\(log)")
                }
            }
        }
    }
}
