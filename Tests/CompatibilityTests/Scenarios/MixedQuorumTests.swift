// SPDX-License-Identifier: Apache-2.0

import Testing

extension RealServers {
    /// Our sentinels and the original watch the same master.
    ///
    /// - Source: spec/monitoring.md 5 (election), 6 (hello), 9 (typical order of events); spec/config-and-process.md 5.
    @Suite struct MixedQuorum {
        @Test(
            .timeLimit(.minutes(5)),
            arguments: [
                [SentinelProgram.ours, .ours, .original],
                [SentinelProgram.ours, .original, .original],
            ])
        func `they discover each other, agree and fail over, whichever leads`(programs: [SentinelProgram]) throws {
            try withCluster(sentinels: programs) { cluster in
                try expectMutualDiscovery(cluster)
                var master = cluster.group.servers[0]
                for program in SentinelProgram.allCases {
                    let leader = cluster.sentinels.first { $0.program == program }!
                    master = try failOver(cluster, from: master, ledBy: leader)
                    master = try failOverOnRequest(cluster, from: master, by: leader)
                }
            }
        }
    }
}

/// Each sentinel lists exactly the others, by their IDs and ports.
private func expectMutualDiscovery(_ cluster: Cluster) throws {
    let ids = try cluster.sentinels.map { try $0.myID() }
    for (number, sentinel) in cluster.sentinels.enumerated() {
        let listed = try sentinel.peers(cluster.masterName).map { "\($0["runid"] ?? "") \($0["port"] ?? "")" }
        let others = zip(ids, cluster.sentinels).enumerated().filter { $0.offset != number }
            .map { "\($0.element.0) \($0.element.1.port)" }
        #expect(listed.sorted() == others.sorted(), "what \(sentinel.name) lists")
    }
}

/// Kills `master`; only `leader` can find the quorum and lead, the others vote.
private func failOver(
    _ cluster: Cluster, from master: DataServer, ledBy leader: SentinelServer
) throws -> DataServer {
    // A quorum no one can reach keeps the others from starting, but not from voting.
    for sentinel in cluster.sentinels {
        _ = try sentinel.ask("SENTINEL", "SET", cluster.masterName, "quorum", sentinel === leader ? "2" : "9")
    }
    let marks = cluster.sentinels.map { $0.events().count }
    master.process.kill()
    let promoted = try cluster.agreedMaster(otherThan: master, within: .seconds(60))
    try eventually("it accepts writes", within: .seconds(10)) { try promoted.ask("SET", "k", "1") == .simple("OK") }
    try awaitSwitch(cluster, after: marks)
    for (sentinel, mark) in zip(cluster.sentinels, marks) {
        // Told once it is on disk, which may take longer than the failover: the other vote was enough.
        let names = try eventually("\(sentinel.name) tells of its vote", within: .seconds(20)) {
            sentinel.events(after: mark).map(\.name)
        } until: {
            $0.contains("+vote-for-leader")
        }
        for wanted in sentinel === leader ? [FailoverOrder.leader(tellsRoles: false)] : FailoverOrder.observer {
            let missing = firstOutOfOrder(wanted, in: names)
            #expect(missing == nil, "\(sentinel.name), led by \(leader.name), logged \(names)")
        }
        if sentinel !== leader { #expect(!names.contains("+elected-leader"), "\(sentinel.name) did not lead") }
    }
    try master.restart()
    try cluster.settle(master: promoted)
    try cluster.awaitRemembered(master: promoted)
    print("mixed quorum \(cluster.sentinels.map(\.program)): \(leader.name) led, \(master.port) -> \(promoted.port)")
    return promoted
}

/// Asks `leader` for a failover of a healthy master.
private func failOverOnRequest(
    _ cluster: Cluster, from master: DataServer, by leader: SentinelServer
) throws -> DataServer {
    let marks = cluster.sentinels.map { $0.events().count }
    #expect(try leader.ask("SENTINEL", "FAILOVER", cluster.masterName) == .simple("OK"))
    let promoted = try cluster.agreedMaster(otherThan: master, within: .seconds(30))
    try awaitSwitch(cluster, after: marks)
    for (sentinel, mark) in zip(cluster.sentinels, marks) {
        let names = sentinel.events(after: mark).map(\.name)
        let wanted =
            sentinel === leader
            ? FailoverOrder.leader(tellsRoles: false).filter { !["+sdown", "+odown"].contains($0) }
            : ["+config-update-from", "+switch-master"]
        let missing = firstOutOfOrder(wanted, in: names)
        #expect(missing == nil, "\(sentinel.name), on request of \(leader.name), logged \(names)")
    }
    try cluster.settle(master: promoted)
    try cluster.awaitRemembered(master: promoted)
    return promoted
}

/// Waits until every log shows the switch and the two replicas after it.
private func awaitSwitch(_ cluster: Cluster, after marks: [Int]) throws {
    try eventually("everybody logs the switch", within: .seconds(40)) {
        zip(cluster.sentinels, marks).map { $0.events(after: $1).map(\.name) }
    } until: { logs in
        logs.allSatisfy { firstOutOfOrder(["+switch-master", "+slave", "+slave"], in: $0) == nil }
    }
}
