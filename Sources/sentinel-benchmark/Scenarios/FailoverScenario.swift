// SPDX-License-Identifier: Apache-2.0

import ClusterProcesses
import EventLoop

/// Kills masters, one cluster after the other, and tells how long each step took.
final class FailoverScenario {
    private let benchmark: Benchmark
    private var milestones: [Milestone: Measure]
    /// From the first candidate to the elected leader, in runs that took more than one epoch.
    private var splitVotes = Measure("split votes, how long", "ms")
    private var splitCounts: [Subject: Int] = [:]
    private var unfinished: [Subject: Int] = [:]

    init(_ benchmark: Benchmark) {
        self.benchmark = benchmark
        let downAfter = Double(benchmark.options.downAfterMilliseconds)
        milestones = Dictionary(
            uniqueKeysWithValues: Milestone.allCases.map { milestone in
                let reach: Measure.Reach? =
                    switch milestone {
                    case .firstWrite: .init(median: downAfter + 25, maximum: downAfter + 100)
                    case .allSwitched, .allAttached: .init(median: downAfter + 150)
                    case .sdown, .odown, .elected, .promoted: nil
                    }
                return (milestone, Measure(milestone.rawValue, "ms", reach: reach))
            })
    }

    func run() async throws(BenchmarkError) -> Report {
        try await benchmark.interleaved { (_, subject) async throws(BenchmarkError) in
            let run = try FailoverRun(benchmark, subject)
            try await run.prepare()
            await run.killMaster()
            await run.end()
            for (milestone, nanoseconds) in run.reached {
                milestones[milestone]?.add(Double(nanoseconds) / 1e6, of: subject)
            }
            if let split = run.splitVoteNanoseconds {
                splitCounts[subject, default: 0] += 1
                splitVotes.add(Double(split) / 1e6, of: subject)
            }
            if run.reached.count < Milestone.allCases.count { unfinished[subject, default: 0] += 1 }
        }
        return report
    }

    private var report: Report {
        let options = benchmark.options
        var report = Report()
        report.title =
            "Failover, milliseconds after kill -9: \(options.sentinels) sentinels, quorum \(options.quorum), "
            + "\(options.replicas) replicas, down-after-milliseconds \(options.downAfterMilliseconds)"
        report.measures = Milestone.allCases.compactMap { milestones[$0] } + [splitVotes]
        report.notes = benchmark.subjects.map { subject in
            "\(subject): runs: \(options.runs), with a split vote: \(splitCounts[subject] ?? 0), "
                + "not finished within \(FailoverRun.limitSeconds) s: \(unfinished[subject] ?? 0)"
        }
        report.notes.append("servers: \(benchmark.dataServers.description)")
        return report
    }
}

/// The steps of a failover that are timed.
enum Milestone: String, CaseIterable {
    /// The first sentinel says so.
    case sdown, odown, elected, promoted
    /// A client that asks the sentinels in turn, every two milliseconds, is taken a write from.
    case firstWrite = "first write accepted"
    /// The last sentinel says so.
    case allSwitched = "all sentinels switched"
    /// Every other replica has the new master's data, by its own INFO.
    case allAttached = "all replicas attached"

    /// The event of a sentinel that shows it; `nil` for what is seen in another way.
    init?(event: String, words: [Substring]) {
        switch event {
        case "+sdown" where words.first == "master": self = .sdown
        case "+odown": self = .odown
        case "+elected-leader": self = .elected
        case "+promoted-slave": self = .promoted
        default: return nil
        }
    }
}
