// SPDX-License-Identifier: Apache-2.0

import ClusterProcesses

/// Memory a sentinel takes, and takes more for each client that is connected and silent.
final class IdleScenario {
    private let benchmark: Benchmark
    private var alone = Measure("resident, one group", "MB", reach: .init(ratio: 1))
    private var each = Measure("each idle client", "kB", reach: .init(ratio: 0.5))

    init(_ benchmark: Benchmark) { self.benchmark = benchmark }

    func run() async throws(BenchmarkError) -> Report {
        let count = benchmark.options.size
        try await benchmark.interleaved { (_, subject) async throws(BenchmarkError) in
            try await benchmark.withSentinel(subject, groups: 1) { (sentinel) async throws(BenchmarkError) in
                await pause(milliseconds: 1500)
                let before = sentinel.residentBytes
                let length = try await sentinel.link.replyLength(["PING"])
                let clients = LoadGenerator(sentinel.address, request: ["PING"], replyBytes: length, pipeline: 1)
                try await clients.connect(count)
                // Everyone asks once: buffers that are made with the first request belong to the cost.
                clients.start()
                try await clients.stop()
                await pause(milliseconds: 3000)
                alone.add(Double(before) / 1e6, of: subject)
                each.add(Double(sentinel.residentBytes - before) / 1024 / Double(count), of: subject)
                clients.close()
            }
        }
        var report = Report()
        report.title = "Memory of \(count) idle clients"
        report.measures = [alone, each]
        return report
    }
}
