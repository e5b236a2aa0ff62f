// SPDX-License-Identifier: Apache-2.0

// Makes a schedule that breaks a rule smaller: leaves out whatever it breaks the same rule without, whole kinds first
// and single strikes last, until nothing more can go.

/// The search for a small schedule.
package struct Shrinker {
    private let seed: UInt64
    private let sabotage: Sabotage?
    private let rule: Violation.Rule
    private var triesLeft: Int
    /// The smallest so far.
    private var outcome: Outcome
    private var reduction: Reduction

    /// Makes the schedule of `seed` smaller; `nil` if it breaks no rule.
    ///
    /// - Parameters:
    ///   - tries: Runs at most.
    ///   - report: Told of each step that was a success.
    package static func shrink(
        seed: UInt64, from start: Reduction = Reduction(), sabotage: Sabotage? = nil, tries: Int = 2000,
        report: (Reduction) -> Void = { _ in }
    ) -> (reduction: Reduction, outcome: Outcome)? {
        let outcome = Simulation.run(seed: seed, reduction: start, sabotage: sabotage)
        guard let rule = outcome.violation?.rule else { return nil }
        var shrinker = Shrinker(
            seed: seed, sabotage: sabotage, rule: rule, triesLeft: tries, outcome: outcome, reduction: start)
        shrinker.run(report)
        return (shrinker.reduction, shrinker.outcome)
    }

    private mutating func run(_ report: (Reduction) -> Void) {
        var before: Reduction
        repeat {
            before = reduction
            for fault in Fault.allCases where outcome.faults[fault.rawValue] > 0 {
                attempt(report) { $0.faults.insert(fault) }
            }
            for trait in Trait.allCases where !reduction.traits.contains(trait) {
                attempt(report) { $0.traits.insert(trait) }
            }
            cutShort(report)
            leaveOutGroups(report)
            for nodes in 2...4 where (reduction.nodes ?? .max) > nodes { attempt(report) { $0.nodes = nodes } }
            for count in 3...6 where (reduction.sentinels ?? .max) > count { attempt(report) { $0.sentinels = count } }
            leaveOutStrikes(report)
        } while reduction != before && triesLeft > 0
        // What never struck need not be named.
        reduction.strikes = reduction.strikes.filter { !reduction.faults.contains($0.fault) }
    }

    /// Keeps the change if the same rule is broken with it.
    @discardableResult
    private mutating func attempt(_ report: (Reduction) -> Void, _ change: (inout Reduction) -> Void) -> Bool {
        var candidate = reduction
        change(&candidate)
        guard candidate != reduction, triesLeft > 0 else { return false }
        triesLeft -= 1
        let result = Simulation.run(seed: seed, reduction: candidate, sabotage: sabotage)
        guard result.violation?.rule == rule else { return false }
        reduction = candidate
        outcome = result
        report(candidate)
        return true
    }

    private mutating func cutShort(_ report: (Reduction) -> Void) {
        var limit = reduction.faultMilliseconds ?? 64000
        while limit > 1000, attempt(report, { $0.faultMilliseconds = limit / 2 }) { limit /= 2 }
        attempt(report) { $0.faultMilliseconds = limit * 3 / 4 }
    }

    private mutating func leaveOutGroups(_ report: (Reduction) -> Void) {
        let groups = Schedule(seed: seed, reduction: reduction).groups
        for group in groups.indices where groups[group] > 0 && reduction.groups.count < groups.count - 1 {
            attempt(report) { $0.groups.insert(group) }
        }
    }

    /// Halves of the strikes of a kind first, then smaller parts.
    private mutating func leaveOutStrikes(_ report: (Reduction) -> Void) {
        for fault in Fault.allCases where !reduction.faults.contains(fault) {
            var size = remaining(fault).count
            while size > 0 {
                let strikes = remaining(fault)
                for start in stride(from: 0, to: strikes.count, by: size) {
                    let part = strikes[start..<min(start + size, strikes.count)]
                    attempt(report) { $0.strikes.formUnion(part) }
                }
                size /= 2
            }
        }
        // Those after the run's new end need not be named.
        let unneeded = reduction.strikes.filter { $0.number > outcome.strikes[$0.fault.rawValue] }
        attempt(report) { $0.strikes.subtract(unneeded) }
    }

    private func remaining(_ fault: Fault) -> [Strike] {
        guard outcome.strikes[fault.rawValue] > 0 else { return [] }
        return (1...outcome.strikes[fault.rawValue]).map { Strike(fault: fault, number: $0) }
            .filter { !reduction.strikes.contains($0) }
    }
}
