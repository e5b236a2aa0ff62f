// SPDX-License-Identifier: Apache-2.0

import Testing

/// Twenty failovers each in three mixtures of our sentinels and the original, side by side.
///
/// The sentinels take turns in leading: a quorum that nobody can reach keeps the others from standing, not from voting.
/// Each fourth failover is open to all.
/// - Source: spec/monitoring.md 5 (election), 6 (hello), 8 (failover), 9 (events).
@Suite(.ownThread) struct `Many failovers of mixed quorums` {
    struct Mixture: Sendable, CustomTestStringConvertible {
        let ours: Int
        let originals: Int

        var programs: [SentinelProgram] {
            Array(repeating: .ours, count: ours) + Array(repeating: .original, count: originals)
        }
        var quorum: Int { programs.count / 2 + 1 }
        var testDescription: String { "\(ours) ours and \(originals) original" }
    }

    @Test(
        .timeLimit(.minutes(8)),
        arguments: [
            Mixture(ours: 2, originals: 1), Mixture(ours: 1, originals: 2), Mixture(ours: 3, originals: 2),
        ])
    func `all converge, whoever leads, and nobody logs what should not happen`(mixture: Mixture) throws {
        try withCluster(
            sentinels: mixture.programs, quorum: mixture.quorum, downAfter: .milliseconds(1_500),
            failoverTimeout: .seconds(3)
        ) { cluster in
            for sentinel in cluster.sentinels where sentinel.program == .original {
                // Below down-after, see `shortenPeriods`; five of them must outlast that second too. What the others
                // said of the master before, the original believes of the next for five ask periods.
                try sentinel.debug(["PING-PERIOD", "300", "ASK-PERIOD", "300"])
            }
            var master = cluster.group.servers[0]
            var led: [SentinelProgram: Int] = [:]
            var disturbed = 0
            let began = ContinuousClock.now
            for round in 0..<20 {
                let leader = round % 4 == 3 ? nil : cluster.sentinels[round % cluster.sentinels.count]
                let marks = cluster.sentinels.map { $0.events().count }
                let (promoted, elected) = try failOver(cluster, from: master, ledBy: leader, quorum: mixture.quorum)
                for sentinel in elected { led[sentinel.program, default: 0] += 1 }
                // A machine that stands still for half a second has nodes look down that are not, and for two seconds
                // has sentinels of either kind in tilt.
                // What it sets off may also elect one that was to lead no more, in an attempt that began before.
                let hasTilt = zip(cluster.sentinels, marks).contains { sentinel, mark in
                    sentinel.events(after: mark).contains { $0.name == "+tilt" }
                }
                let isDisturbed = hasTilt || elected.count != 1 || leader.map { $0 !== elected[0] } ?? false
                if isDisturbed { disturbed += 1 } else { try expectNothingUnexpected(in: cluster, after: marks) }
                print(
                    "mixed \(mixture.testDescription), \(round + 1): \(master.port) -> \(promoted.port), led by"
                        + " \(elected.map(\.program)), \((ContinuousClock.now - began).milliseconds) ms since the first"
                )
                master = promoted
            }
            #expect(disturbed <= 4)
            #expect(SentinelProgram.allCases.allSatisfy { led[$0, default: 0] >= 5 }, "\(led)")
            try cluster.awaitRemembered(master: master)
        }
    }
}

/// Kills `master`, brings it back once it was replaced, and returns the one all agree on in the end, and who was
/// elected on the way.
private func failOver(
    _ cluster: Cluster, from master: DataServer, ledBy leader: SentinelServer?, quorum: Int
) throws -> (DataServer, [SentinelServer]) {
    for sentinel in cluster.sentinels {
        let reachable = leader == nil || sentinel === leader
        _ = try sentinel.ask("SENTINEL", "SET", cluster.masterName, "quorum", "\(reachable ? quorum : 9)")
    }
    let marks = cluster.sentinels.map { $0.events().count }
    master.process.kill()
    _ = try cluster.agreedMaster(otherThan: master, within: .seconds(60))
    try master.restart()
    let final = try cluster.settleOnAnyMaster(within: .seconds(90))
    let elected = zip(cluster.sentinels, marks).flatMap { sentinel, mark in
        sentinel.events(after: mark).filter { $0.name == "+elected-leader" }.map { _ in sentinel }
    }
    return (final, elected)
}

extension Cluster {
    /// Waits until everybody sees everybody well under one master, whichever, and returns it.
    fileprivate func settleOnAnyMaster(within limit: Duration) throws -> DataServer {
        let end = ContinuousClock.now + limit
        while true {
            let master = try agreedMaster(within: .seconds(60))
            do {
                try settle(master: master, within: .seconds(8))
                return master
            } catch {
                guard ContinuousClock.now < end else { throw error }
            }
        }
    }
}

/// What never belongs to a failover that goes well, in the log of either program.
private func expectNothingUnexpected(in cluster: Cluster, after marks: [Int]) throws {
    let forbidden: Set = [
        "-script-error", "-script-timeout", "-failover-abort-no-good-slave", "-failover-abort-slave-timeout",
        "+failover-end-for-timeout", "-slave-reconf-sent-timeout", "+sentinel-address-switch", "+sentinel-invalid-addr",
        "+sentinel-address-update", "+sentinel", "+fix-slave-config", "+reset-master",
    ]
    for (sentinel, mark) in zip(cluster.sentinels, marks) {
        let seen = sentinel.events(after: mark).filter { forbidden.contains($0.name) }
        #expect(seen.isEmpty, "\(sentinel.name) logged \(seen)")
        let errors = sentinel.logTexts().filter {
            $0.contains("WARNING") || $0.contains("refused") || $0.contains("rror")
        }
        #expect(errors.isEmpty, "\(sentinel.name) logged \(errors)")
        #expect(sentinel.process.errors().isEmpty, "\(sentinel.name) wrote \(sentinel.process.errors())")
        if sentinel.program == .ours {
            for counter in ["hellos_malformed", "hellos_rejected", "hellos_impostor", "replies_malformed"] {
                #expect(try sentinel.internals("ignored_\(counter)") == 0, "\(sentinel.name): \(counter)")
            }
        }
    }
}
