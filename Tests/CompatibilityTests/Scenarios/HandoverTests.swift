// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension RealServers {
    /// One program takes the place of the other at all three sentinels, with the files that it finds.
    ///
    /// - Source: README.md, "In the original's place"; spec/config-and-process.md 5.
    @Suite struct Handover {
        @Test(.timeLimit(.minutes(5)))
        func `ours goes on where the original ended, and the original where ours did`() throws {
            try withCluster(sentinels: [.original, .original, .original]) { cluster in
                var master = try failOver(cluster, from: cluster.group.servers[0])
                for program in [SentinelProgram.ours, .original] {
                    let before = try cluster.sentinels.map { try $0.memory(of: cluster.masterName) }
                    // Nobody is left who could tell the first of them what is not in its file.
                    for sentinel in cluster.sentinels { sentinel.process.signal(SIGTERM) }
                    for (sentinel, memory) in zip(cluster.sentinels, before) {
                        try sentinel.handOver(to: program)
                        #expect(try sentinel.memory(of: cluster.masterName) == memory, "\(sentinel.name) as \(program)")
                        try sentinel.shortenPeriods()
                    }
                    try cluster.settle(master: master)
                    master = try failOver(cluster, from: master)
                }
            }
        }
    }
}

/// What a sentinel knows of a group that has to outlive it.
private struct Memory: Equatable {
    var id: String
    var master: UInt16?
    var configEpoch: String?
    var replicas: Set<String?>
    var peers: Set<String?>
}

extension SentinelServer {
    fileprivate func memory(of name: String) throws -> Memory {
        try Memory(
            id: myID(), master: masterPort(name), configEpoch: master(name)["config-epoch"],
            replicas: Set(replicas(name).map { $0["port"] }), peers: Set(peers(name).map { $0["runid"] }))
    }
}

/// Kills `master`, waits for another one and for everybody to agree and to have written it down.
private func failOver(_ cluster: Cluster, from master: DataServer) throws -> DataServer {
    master.process.kill()
    let promoted = try cluster.agreedMaster(otherThan: master, within: .seconds(60))
    try eventually("it accepts writes", within: .seconds(10)) { try promoted.ask("SET", "k", "1") == .simple("OK") }
    try master.restart()
    try cluster.settle(master: promoted, within: .seconds(90))
    try cluster.awaitRemembered(master: promoted)
    return promoted
}
