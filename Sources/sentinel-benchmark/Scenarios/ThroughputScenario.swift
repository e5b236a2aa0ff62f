// SPDX-License-Identifier: Apache-2.0

import ClusterProcesses
import EventLoop
import RESP

/// Requests per second, and the CPU the sentinel takes for each.
final class ThroughputScenario {
    private static let loads: [(clients: Int, pipeline: Int)] = [(50, 1), (50, 16), (1000, 1), (1000, 16)]
    private static let requests = [["PING"], ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", "group-0"]]
    private static let listings = 20

    private let benchmark: Benchmark
    private var rates: [Measure] = []
    private var costs: [Measure] = []
    private var listingTime: Measure
    private var listingCost: Measure

    init(_ benchmark: Benchmark) {
        self.benchmark = benchmark
        let isSecure = benchmark.options.isSecure
        for request in Self.requests {
            for load in Self.loads {
                let name = "\(request[request.count > 1 ? 1 : 0]), \(load.clients) clients, pipeline \(load.pipeline)"
                rates.append(Measure(name, "requests/s"))
                costs.append(
                    Measure(name, "µs CPU", reach: .init(ratio: isSecure ? 1.1 : load.pipeline == 1 ? 1 : 0.8)))
            }
        }
        listingTime = Measure("SENTINEL MASTERS, \(benchmark.options.groups) groups", "ms")
        listingCost = Measure("SENTINEL MASTERS, \(benchmark.options.groups) groups", "ms CPU")
    }

    func run() async throws(BenchmarkError) -> Report {
        try await benchmark.interleaved { (_, subject) async throws(BenchmarkError) in
            try await benchmark.withSentinel(subject, groups: 1) { (sentinel) async throws(BenchmarkError) in
                var index = 0
                for request in Self.requests {
                    let length = try await sentinel.link.replyLength(request)
                    for load in Self.loads {
                        let generator = LoadGenerator(
                            sentinel.address, security: benchmark.makeSecurity, request: request, replyBytes: length,
                            pipeline: load.pipeline)
                        try await generator.connect(load.clients)
                        let (rate, cost) = try await generator.measure(sentinel, seconds: benchmark.options.seconds)
                        rates[index].add(rate, of: subject)
                        costs[index].add(cost, of: subject)
                        generator.close()
                        index += 1
                    }
                }
            }
            try await benchmark.withSentinel(subject, groups: benchmark.options.groups) {
                (sentinel) async throws(BenchmarkError) in await list(sentinel)
            }
        }
        var report = Report()
        report.title =
            "Throughput\(benchmark.options.isSecure ? " over TLS" : ""), each load for \(benchmark.options.seconds) s from one process beside the sentinel"
        report.measures = rates + costs + [listingTime, listingCost]
        return report
    }

    private func list(_ sentinel: SentinelProcess) async {
        for _ in 0..<Self.listings {
            let (start, cpu) = (MonotonicClock.now, sentinel.cpuNanoseconds)
            guard await sentinel.ask(["SENTINEL", "MASTERS"])?.elements != nil else { return }
            listingTime.add(Double(MonotonicClock.now - start) / 1e6, of: sentinel.subject)
            listingCost.add(Double(sentinel.cpuNanoseconds - cpu) / 1e6, of: sentinel.subject)
        }
    }
}
