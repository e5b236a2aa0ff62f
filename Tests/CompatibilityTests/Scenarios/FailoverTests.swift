// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension RealServers {
    /// - Source: spec/monitoring.md 4 (down detection), 5 (election), 7 (convert-to-slave), 8 (failover).
    @Suite struct Failover {
        @Test(.timeLimit(.minutes(10)))
        func `a killed master is replaced and demoted on its return, ten times in a row`() throws {
            try withCluster { cluster in
                var master = cluster.group.servers[0]
                for round in 1...10 { master = try failOver(cluster, from: master, round: round) }
            }
        }
    }
}

/// Kills `master`, waits for the new one, brings the old one back, and prints how long each step took.
private func failOver(_ cluster: Cluster, from master: DataServer, round: Int) throws -> DataServer {
    let clock = ContinuousClock()
    let key = "round-\(round)"
    let survivors = cluster.group.others(than: master)
    master.process.kill()
    let killed = clock.now
    let promoted = try cluster.acceptingWrites(survivors, key: key, within: .seconds(60))
    let writable = clock.now - killed
    let agreed = try cluster.agreedMaster(otherThan: master, within: .seconds(30))
    #expect(agreed === promoted, "the sentinels name the instance that accepts writes")
    let known = clock.now - killed
    let third = survivors.first { $0 !== promoted }!
    try eventually("the third instance replicates from the new master", within: .seconds(30)) {
        try third.replicates(from: promoted) && third.ask("GET", key) == .bulk("1")
    }
    let replicated = clock.now - killed
    try master.restart()
    let returned = clock.now
    try eventually("the old master is a replica of the new one", within: .seconds(60)) {
        try master.replicates(from: promoted)
    }
    let demoted = clock.now - returned
    try cluster.settle(master: promoted)
    print(
        "failover \(round): \(master.port) -> \(promoted.port): writes after \(writable.milliseconds) ms,"
            + " all sentinels agree after \(known.milliseconds) ms,"
            + " third replicates after \(replicated.milliseconds) ms;"
            + " old master demoted \(demoted.milliseconds) ms after its return")
    return promoted
}
