// SPDX-License-Identifier: Apache-2.0

/// What many runs came to.
package struct Campaign: Sendable {
    package private(set) var schedules = 0
    package private(set) var violations: [Outcome] = []
    private var simulated = Duration.zero
    private var sentinelTime = Duration.zero
    private var steps = 0
    private var faults = Array(repeating: 0, count: Fault.allCases.count)
    private var elections = 0
    private var failovers = 0
    private var writes = 0
    private var lostWrites = 0

    package init() {}

    package mutating func add(_ outcome: Outcome) {
        schedules += 1
        if outcome.violation != nil { violations.append(outcome) }
        simulated += outcome.simulatedTime
        sentinelTime += outcome.sentinelTime
        steps += outcome.steps
        for index in faults.indices { faults[index] += outcome.faults[index] }
        elections += outcome.elections
        failovers += outcome.failovers
        writes += outcome.writes
        lostWrites += outcome.lostWrites
    }

    /// How far it is, on one line.
    package func progress(elapsedMilliseconds: Int) -> String {
        "\(schedules) schedules, \(tenths(schedules * 10000, per: elapsedMilliseconds))/s, "
            + "\(sentinelHours) simulated sentinel-hours, \(faults.reduce(0, +)) faults"
    }

    package func summary(elapsedMilliseconds: Int) -> String {
        let kinds = Fault.allCases.map { "  \($0): \(faults[$0.rawValue])" }.joined(separator: "\n")
        return """
            \(progress(elapsedMilliseconds: elapsedMilliseconds)) in \(tenths(elapsedMilliseconds / 100)) s
            \(steps) steps, \(tenths(steps * 10, per: max(1, elapsedMilliseconds))) thousand/s; \
            \(tenths(Int(simulated.components.seconds) * 10 / 3600)) hours of cluster time
            elections \(elections), failovers \(failovers), writes \(writes), \
            of which asynchronous replication lost \(lostWrites)
            faults by kind:
            \(kinds)
            """
    }

    private var sentinelHours: String { tenths(Int(sentinelTime.components.seconds) * 10 / 3600) }

    private func tenths(_ value: Int, per divisor: Int = 1) -> String {
        let value = value / max(1, divisor)
        return "\(value / 10).\(value % 10)"
    }
}
