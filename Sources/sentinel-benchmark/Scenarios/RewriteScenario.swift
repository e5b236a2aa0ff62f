// SPDX-License-Identifier: Apache-2.0

import ClusterProcesses
import EventLoop

/// Changes of state per second that are on disk when they are confirmed.
final class RewriteScenario {
    private static let clients = [1, 50]
    private static let change = ["SENTINEL", "SET", "group-0", "parallel-syncs", "2"]

    private let benchmark: Benchmark
    private var rates: [Measure] = clients.map { Measure("changes confirmed, \($0) clients", "1/s") }
    private var costs: [Measure] = clients.map { Measure("one change, \($0) clients", "µs CPU") }

    init(_ benchmark: Benchmark) { self.benchmark = benchmark }

    func run() async throws(BenchmarkError) -> Report {
        try await benchmark.interleaved { (_, subject) async throws(BenchmarkError) in
            try await benchmark.withSentinel(subject, groups: 1) { (sentinel) async throws(BenchmarkError) in
                let length = try await sentinel.link.replyLength(Self.change)
                for (index, count) in Self.clients.enumerated() {
                    let generator = LoadGenerator(
                        sentinel.address, request: Self.change, replyBytes: length, pipeline: 1)
                    try await generator.connect(count)
                    let (rate, cost) = try await generator.measure(sentinel, seconds: benchmark.options.seconds)
                    rates[index].add(rate, of: subject)
                    costs[index].add(cost, of: subject)
                    generator.close()
                }
            }
        }
        var report = Report()
        report.title = "SENTINEL SET, confirmed once the configuration file is safe"
        report.measures = rates + costs
        return report
    }
}
