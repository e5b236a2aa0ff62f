// SPDX-License-Identifier: Apache-2.0

import Testing

import SentinelCore

@testable import SentinelSimulation

/// Runs seeds until one breaks a rule.
private func firstViolation(in seeds: ClosedRange<UInt64>, _ sabotage: Sabotage? = nil) -> Outcome? {
    for seed in seeds {
        let outcome = Simulation.run(seed: seed, sabotage: sabotage)
        if outcome.violation != nil { return outcome }
    }
    return nil
}

@Suite struct `Simulated clusters` {
    @Test(arguments: [1, 12, 104] as [UInt64])
    func `are the same in every run of a seed`(seed: UInt64) {
        func trace() -> [String] {
            var lines: [String] = []
            _ = Simulation.run(seed: seed) { lines.append($0) }
            return lines
        }
        let first = trace()
        #expect(first.count > 100)
        #expect(first == trace())
    }

    /// In parts, so that cores share them; a debug build, ten times slower, runs fewer.
    @Test(arguments: 0..<8)
    func `break no rule`(part: Int) throws {
        #if DEBUG
        let count: UInt64 = 5
        #else
        let count: UInt64 = 50
        #endif
        let base = 1 + UInt64(part) * count
        let found = firstViolation(in: base...(base + count - 1))
        #expect(found == nil, "seed \(found?.seed ?? 0): \(found?.violation?.text ?? "")")
    }

    /// Seeds that once broke a rule; the table in Docs/simulation.md says which.
    @Test(arguments: KeptSeeds.all)
    func `break no rule that they once broke`(seed: UInt64) {
        #expect(Simulation.run(seed: seed).violation == nil)
    }
}

@Suite struct `The simulator sees` {
    @Test(arguments: Sabotage.allCases)
    func `each defect it can be given`(sabotage: Sabotage) {
        #expect(firstViolation(in: 1...20, sabotage) != nil)
    }

    @Test(arguments: [
        (Sabotage.voteGrantedTwice, Violation.Rule.oneVotePerEpoch),
        (.everyAnswerIsAVote, .leaderHasMajority),
        (.replicaOfItself, .nobodyFollowsItself),
        (.promotionBeforeElection, .ordersComeFromLeader),
        (.oldFileComesBack, .epochsOnlyRise),
        (.votesAreNotSaved, .epochsOnlyRise),
        (.configEpochsAreNotSaved, .epochsOnlyRise),
    ])
    func `which rule a defect breaks`(sabotage: Sabotage, rule: Violation.Rule) {
        #expect(firstViolation(in: 1...20, sabotage)?.violation?.rule == rule)
    }
}

@Suite struct `Wake-ups` {
    @Test func `in one instant without end are a busy loop`() {
        var pace = Pace()
        #expect(throws: Violation.self) {
            for _ in 0...1001 { try pace.woken("s1", at: .start) }
        }
    }

    @Test func `at a usual distance are not`() throws {
        var pace = Pace()
        for step in 0..<20000 { try pace.woken("s1", at: .start + .milliseconds(step)) }
    }
}
