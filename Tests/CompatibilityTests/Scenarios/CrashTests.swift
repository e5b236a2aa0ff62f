// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

import struct SentinelCore.SeededGenerator

extension RealServers {
    /// A sentinel is killed in the middle of a failover and comes back.
    ///
    /// - Source: spec/monitoring.md 5.1, 5.3 (one vote per epoch, also over a restart); spec/commands.md 6.5.
    @Suite struct Crash {
        @Test(.timeLimit(.minutes(10)))
        func `a sentinel killed during a failover never votes twice in an epoch and agrees in the end`() throws {
            try withCluster(failoverTimeout: .seconds(3)) { cluster in
                var master = cluster.group.servers[0]
                var votes = 0
                // Chosen so that the moments spread over the failover.
                for seed: UInt64 in [11, 14, 17, 19, 32, 40] {
                    let round = try crash(cluster, master: master, seed: seed)
                    master = round.promoted
                    votes += round.votes
                }
                print("\(votes) votes that had to be remembered")
                #expect(votes > 0, "else nothing was asked again")
            }
        }
    }
}

/// One round: kills `master`, kills a sentinel at a moment the seed decides, restarts it, and looks at its votes.
///
/// - Returns: Who leads afterwards, and how many votes were looked at.
private func crash(
    _ cluster: Cluster, master: DataServer, seed: UInt64
) throws -> (promoted: DataServer, votes: Int) {
    var generator = SeededGenerator(seed: seed)
    let victim = cluster.sentinels.randomElement(using: &generator)!
    let eventCount = Int.random(in: 1...9, using: &generator)
    let jitter = Duration.microseconds(Int.random(in: 0...30_000, using: &generator))
    let id = try victim.myID()
    let before = victim.events().count

    master.process.kill()
    // The moment is counted in events, not in time: so it falls into the failover however fast the program is.
    // Not every part has that many events; then the end of the failover is the moment.
    _ = try? eventually("\(eventCount) events", within: .seconds(8)) { victim.events().count >= before + eventCount }
    wait(until: .now + jitter)
    victim.process.kill()
    let last = victim.events(after: before).last
    print(
        "crash seed \(seed): \(victim.name) killed \(jitter) after event \(eventCount), last:"
            + " \(last.map(String.init(describing:)) ?? "none")")
    try victim.restart()
    var votes = try expectNoSecondVote(by: victim, id: id, in: cluster)

    let promoted = try cluster.agreedMaster(otherThan: master, within: .seconds(60))
    try eventually("it accepts writes", within: .seconds(10)) { try promoted.ask("SET", "k", "1") == .simple("OK") }
    votes += try expectNoSecondVote(by: victim, id: id, in: cluster)
    try victim.shortenPeriods()
    try master.restart()
    try cluster.settle(master: promoted, within: .seconds(90))
    return (promoted, votes)
}

/// Checks that the votes of `voter`, as it and the others logged them, name one leader per epoch, and that asked
/// again with such an epoch it does not grant it to a newcomer.
///
/// - Returns: How many votes that were.
private func expectNoSecondVote(by voter: SentinelServer, id: String, in cluster: Cluster) throws -> Int {
    var leaders: [Int: Set<String>] = [:]
    for event in voter.events() where event.name == "+vote-for-leader" {
        let words = event.payload.split(separator: " ").map(String.init)
        if words.count == 2, let epoch = Int(words[1]) { leaders[epoch, default: []].insert(words[0]) }
    }
    for text in cluster.sentinels.flatMap({ $0.logTexts() }) where text.hasPrefix("\(id) voted for ") {
        let words = text.split(separator: " ").map(String.init)
        if words.count == 5, let epoch = Int(words[4]) { leaders[epoch, default: []].insert(words[3]) }
    }
    for (epoch, votes) in leaders.sorted(by: { $0.key < $1.key }) {
        #expect(votes.count == 1, "\(voter.name) voted for \(votes) in epoch \(epoch)")
        let stranger = String(repeating: "f", count: 40)
        let port = try voter.masterPort(cluster.masterName) ?? 0
        let reply = try voter.ask(
            "SENTINEL", "IS-MASTER-DOWN-BY-ADDR", "127.0.0.1", "\(port)", "\(epoch)", stranger)
        #expect(reply.items.count == 3)
        #expect(reply.items.dropFirst().first?.text != stranger, "\(voter.name) votes again in epoch \(epoch)")
    }
    return leaders.count
}
