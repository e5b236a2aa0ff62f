// SPDX-License-Identifier: Apache-2.0

import SentinelCore
import Testing

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

    /// A few, for a debug build is slow; `Tests/run` has a release build run thousands.
    @Test(arguments: 0..<4)
    func `break no rule`(part: Int) {
        let base = 1 + UInt64(part) * 4
        let found = firstViolation(in: base...(base + 3))
        #expect(found == nil, "seed \(found?.seed ?? 0): \(found?.violation?.text ?? "")")
    }
}

/// That each defect is seen is for a release build (`sentinel-simulate --see`, in `Tests/run`); here a few, by their
/// rule.
@Suite struct `The simulator sees` {
    @Test(arguments: [
        (Sabotage.voteGrantedTwice, Violation.Rule.oneVotePerEpoch),
        (.everyAnswerIsAVote, .leaderHasMajority),
        (.replicaOfItself, .nobodyFollowsItself),
        (.promotionBeforeElection, .ordersComeFromLeader),
        (.oldFileComesBack, .epochsOnlyRise),
        (.quorumIsOneLess, .odownHasQuorum),
        (.tiltIsIgnored, .nothingInTilt),
    ])
    func `which rule a defect breaks`(sabotage: Sabotage, rule: Violation.Rule) {
        #expect(firstViolation(in: 1...20, sabotage)?.violation?.rule == rule)
    }
}

@Suite struct `A schedule` {
    @Test func `is made smaller and breaks the same rule in every run`() throws {
        let whole = try #require(firstViolation(in: 1...20, .oldFileComesBack))
        let smaller = try #require(Shrinker.shrink(seed: whole.seed, sabotage: .oldFileComesBack, tries: 60))
        #expect(smaller.outcome.faults.reduce(0, +) < whole.faults.reduce(0, +))
        #expect(smaller.outcome.violation?.rule == whole.violation?.rule)
        let read = try #require(Reduction(text: smaller.reduction.text))
        #expect(read == smaller.reduction)
        let again = Simulation.run(seed: whole.seed, reduction: read, sabotage: .oldFileComesBack)
        #expect(again.violation == smaller.outcome.violation)
        #expect(again.steps == smaller.outcome.steps)
    }

    @Test func `that breaks no rule is not made smaller`() {
        #expect(Shrinker.shrink(seed: 1, tries: 1) == nil)
    }

    @Test(arguments: ["oldHello", "oldHello#3,masterKill#1", "scripts,group=2,nodes=2,sentinels=3,faults=1200", ""])
    func `leaves out what its text says`(text: String) throws {
        let reduction = try #require(Reduction(text: text))
        #expect(Reduction(text: reduction.text) == reduction)
    }

    @Test(arguments: ["newHello", "oldHello#", "oldHello#x", "nodes", "nodes=-1", "pods=3"])
    func `can't leave out what it does not know`(text: String) {
        #expect(Reduction(text: text) == nil)
    }

    /// What one strike does follows from its own number, so the others stay what they were.
    @Test func `without one kind of fault has the others at the same times`() {
        func strikes(_ reduction: Reduction) -> [String] {
            var lines: [String] = []
            _ = Simulation.run(seed: 12, reduction: reduction) { if $0.contains(" fault ") { lines.append($0) } }
            return lines.filter { $0.contains("#") }
        }
        let all = strikes(Reduction())
        let kinds = Set(all.compactMap { $0.split(separator: " ").last?.split(separator: "#").first })
        #expect(kinds.count >= 2, "else nothing is left out of anything")
        for kind in kinds.sorted().prefix(2) {
            guard let reduction = Reduction(text: String(kind)) else { return #expect(Bool(false), "\(kind)") }
            #expect(strikes(reduction) == all.filter { !$0.contains(" \(kind)#") })
        }
    }
}

@Suite struct `Wake-ups` {
    @Test func `in one instant without end are a busy loop`() {
        var pace = Pace()
        #expect(throws: Violation.self) {
            for _ in 0...1001 { try pace.woken("s1", at: .start) }
        }
    }

    @Test func `a moment apart without end are one too`() {
        var pace = Pace()
        #expect(throws: Violation.self) {
            for step in 0...Pace.limitPerSecond { try pace.woken("s1", at: .start + .microseconds(step * 150)) }
        }
    }

    @Test func `as many as may be in each second are none`() throws {
        var pace = Pace()
        for step in 0..<(3 * Pace.limitPerSecond) {
            try pace.woken("s1", at: .start + .microseconds(step * 1_000_000 / (Pace.limitPerSecond - 1)))
        }
    }

    @Test func `at a usual distance are not`() throws {
        var pace = Pace()
        for step in 0..<20000 { try pace.woken("s1", at: .start + .milliseconds(step)) }
    }
}
