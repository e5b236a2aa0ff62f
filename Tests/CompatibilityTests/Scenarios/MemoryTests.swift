// SPDX-License-Identifier: Apache-2.0

import Testing

extension RealServers {
    /// - Source: spec/config-and-process.md 2 and 5 (what the file keeps); spec/monitoring.md 5.3 (epochs).
    @Suite struct Memory {
        @Test(.timeLimit(.minutes(2)))
        func `a killed and restarted sentinel knows everything from its file, before it can hear of anybody`() throws {
            try withCluster { cluster in
                let old = cluster.group.servers[0]
                #expect(try cluster.sentinels[0].ask("SENTINEL", "FAILOVER", cluster.masterName) == .simple("OK"))
                let master = try cluster.agreedMaster(otherThan: old, within: .seconds(30))
                try cluster.settle(master: master)
                try cluster.awaitRemembered(master: master)

                for sentinel in cluster.sentinels {
                    let before = try knowledge(of: sentinel, cluster.masterName)
                    sentinel.process.kill()
                    // Nobody else runs while it starts: whatever it knows, it has from its file.
                    let others =
                        cluster.group.servers.map(\.process)
                        + cluster.sentinels.filter { $0 !== sentinel }.map(\.process)
                    for process in others { process.stop() }
                    defer { for process in others { process.cont() } }
                    try sentinel.restart()
                    #expect(try knowledge(of: sentinel, cluster.masterName) == before, "\(sentinel.name)")
                }
            }
        }
    }
}

/// What a sentinel must not forget.
private struct Knowledge: Equatable {
    var id: String
    var address: [String]
    var configEpoch: String?
    var leaderEpoch: Reply?
    var currentEpoch: [[String]]
    var replicas: [String]
    var peers: [String]
    var settings: [String?]
}

private func knowledge(of sentinel: SentinelServer, _ name: String) throws -> Knowledge {
    let master = try sentinel.master(name)
    let address = try sentinel.ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", name).items.compactMap(\.text)
    // Epoch 0 is always too old for a vote, so the reply carries the last epoch voted in. The leader is not kept.
    let vote = try sentinel.ask(
        ["SENTINEL", "IS-MASTER-DOWN-BY-ADDR"] + address + ["0", String(repeating: "f", count: 40)])
    return Knowledge(
        id: try sentinel.myID(), address: address, configEpoch: master["config-epoch"], leaderEpoch: vote.items.last,
        currentEpoch: sentinel.rememberedLines.filter { $0[1] == "current-epoch" },
        replicas: try sentinel.replicas(name).map { "\($0["ip"] ?? ""):\($0["port"] ?? "")" }.sorted(),
        peers: try sentinel.peers(name).map { "\($0["runid"] ?? "") \($0["ip"] ?? ""):\($0["port"] ?? "")" }.sorted(),
        settings: ["quorum", "down-after-milliseconds", "failover-timeout", "num-slaves", "num-other-sentinels"]
            .map { master[$0] })
}
