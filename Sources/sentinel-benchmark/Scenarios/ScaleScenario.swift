// SPDX-License-Identifier: Apache-2.0

import ClusterProcesses
import EventLoop

/// Three sentinels and very many groups: what discovery, rest and the loss of all masters at once cost.
final class ScaleScenario {
    private let benchmark: Benchmark
    private var measures: [ScaleFigure: Measure] = [:]

    init(_ benchmark: Benchmark) {
        self.benchmark = benchmark
        let isTheThousand = benchmark.options.size == 1000
        for figure in ScaleFigure.allCases {
            measures[figure] = Measure(
                figure.rawValue, figure.unit,
                reach: figure.reach(isTheThousand, benchmark.options.downAfterMilliseconds))
        }
    }

    func run() async throws(BenchmarkError) -> Report {
        var report = Report()
        let options = benchmark.options
        report.title =
            "\(options.size) groups of two data nodes, \(options.sentinels) sentinels, "
            + "down-after-milliseconds \(options.downAfterMilliseconds)"
        try await benchmark.interleaved { (_, subject) async throws(BenchmarkError) in
            let run = try await ScaleRun(benchmark, subject)
            let problem = await run.run()
            await run.end()
            for (figure, value) in run.figures { measures[figure]?.add(value, of: subject) }
            if let problem { report.notes.append("\(subject): \(problem)") }
        }
        report.measures = ScaleFigure.allCases.compactMap { measures[$0] }
        return report
    }
}

/// What is measured of many groups; of each sentinel and then their mean, unless it says otherwise.
enum ScaleFigure: String, CaseIterable {
    case discovery = "discovery by all"
    case cpuOfDiscovery = "CPU for discovery"
    case cpuAtRest = "CPU at rest, of a core"
    case cpuAtRestEach = "CPU at rest, a group and second"
    case memory = "resident memory"
    case latencyAtRest = "GET-MASTER-ADDR at rest, p50"
    case latencyAtRest99 = "GET-MASTER-ADDR at rest, p99"
    case switched = "groups failed over"
    case failover = "all masters lost: all switched after"
    case cpuOfFailover = "CPU for the failovers"
    case latencyOfFailover = "GET-MASTER-ADDR meanwhile, p50"
    case latencyOfFailover99 = "GET-MASTER-ADDR meanwhile, p99"
    /// Of all sentinels together.
    case tilts = "TILTs"

    var unit: String {
        switch self {
        case .discovery, .failover, .cpuOfDiscovery, .cpuOfFailover: "s"
        case .cpuAtRest: "%"
        case .cpuAtRestEach: "µs"
        case .memory: "MB"
        case .latencyAtRest, .latencyAtRest99, .latencyOfFailover, .latencyOfFailover99: "ms"
        case .switched, .tilts: ""
        }
    }

    func reach(_ isTheThousand: Bool, _ downAfterMilliseconds: Int) -> Measure.Reach? {
        switch self {
        case .cpuAtRest where isTheThousand: .init(ratio: 0.5)
        case .memory: .init(ratio: 1)
        case .discovery where isTheThousand: .init(median: 5)
        case .failover where isTheThousand: .init(median: Double(downAfterMilliseconds) / 1000 + 5)
        case .latencyOfFailover99: .init(median: 50)
        case .tilts: .init(maximum: 0)
        default: nil
        }
    }
}
