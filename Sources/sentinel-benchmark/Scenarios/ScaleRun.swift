// SPDX-License-Identifier: Apache-2.0

import ClusterProcesses
import EventLoop

/// One cluster of very many groups, from its start to the loss of all masters.
final class ScaleRun {
    private static let restSeconds = 10
    private static let probePauseMilliseconds = 2

    private let benchmark: Benchmark
    private let subject: Subject
    private let nodes: DataNodes
    private var sentinels: [SentinelProcess] = []
    private(set) var figures: [ScaleFigure: Double] = [:]

    /// The groups each sentinel has said to have switched, by the sentinel's name.
    private var switched: [String: Set<Substring>] = [:]
    private var lastSwitchAt: UInt64 = 0
    private var tilts = 0

    private var count: Int { benchmark.options.size }

    /// Starts the data nodes.
    init(_ benchmark: Benchmark, _ subject: Subject) async throws(BenchmarkError) {
        self.benchmark = benchmark
        self.subject = subject
        nodes = try await DataNodes(groups: benchmark.options.size, haveReplicas: true, in: benchmark)
    }

    /// Measures all there is to measure.
    ///
    /// - Returns: Why it ended early; `nil` if it did not. What was measured until then counts.
    func run() async -> String? {
        do throws(BenchmarkError) {
            try await discover()
            await rest()
            try await loseAllMasters()
            return nil
        } catch {
            return error.text
        }
    }

    func end() async {
        for sentinel in sentinels { await sentinel.end() }
        await nodes.end()
    }

    private func say(_ text: String) { benchmark.progress.show("scale, \(subject): \(text)") }

    /// The mean over the sentinels.
    private func mean(_ value: (SentinelProcess) -> Double) -> Double {
        sentinels.reduce(0) { $0 + value($1) } / Double(max(1, sentinels.count))
    }
}

// MARK: - The steps

extension ScaleRun {
    private func discover() async throws(BenchmarkError) {
        let options = benchmark.options
        let groups = nodes.masters.enumerated().map { index, master in
            MonitoredGroup(
                name: "group-\(index)", master: master, quorum: options.quorum,
                downAfterMilliseconds: options.downAfterMilliseconds, failoverTimeoutMilliseconds: 60_000)
        }
        let start = MonotonicClock.now
        for address in try benchmark.freeAddresses(options.sentinels) {
            sentinels.append(try SentinelProcess(subject, at: address, groups: groups, in: benchmark))
        }
        for sentinel in sentinels {
            try await sentinel.waitUntilItAnswers()
            let name = sentinel.name
            try await sentinel.subscribe(to: "+switch-master") { [unowned self] in heard(name, $0, $1) }
            try await sentinel.subscribe(to: "+tilt") { [unowned self] in heard(name, $0, $1) }
        }
        try await wait(for: "discovery", seconds: options.limitSeconds, everyMilliseconds: 250) {
            for sentinel in sentinels {
                let known = await sentinel.groups().count {
                    $0["status"] == "ok" && $0["slaves"] == "1" && $0["sentinels"] == "\(options.sentinels)"
                }
                say("discovery, \(known) of \(count) groups")
                guard known == count else { return false }
            }
            return true
        }
        figures[.discovery] = seconds(since: start)
        figures[.cpuOfDiscovery] = mean { Double($0.cpuNanoseconds) } / 1e9
    }

    private func rest() async {
        say("settling")
        await pause(milliseconds: Self.restSeconds * 1000)
        say("at rest")
        let (start, cpu) = (MonotonicClock.now, mean { Double($0.cpuNanoseconds) })
        await pause(milliseconds: Self.restSeconds * 1000)
        let nanoseconds = mean { Double($0.cpuNanoseconds) } - cpu
        figures[.cpuAtRest] = nanoseconds / Double(MonotonicClock.now - start) * 100
        figures[.cpuAtRestEach] = nanoseconds / 1e3 / seconds(since: start) / Double(count)
        figures[.memory] = mean { Double($0.residentBytes) } / 1e6
        let probe = startProbe()
        await pause(milliseconds: 3000)
        let latencies = await probe.finish()
        figures[.latencyAtRest] = latencies?.median
        figures[.latencyAtRest99] = latencies?.percentile(0.99)
    }

    private func loseAllMasters() async throws(BenchmarkError) {
        let cpu = mean { Double($0.cpuNanoseconds) }
        let start = MonotonicClock.now
        lastSwitchAt = start
        nodes.killMasters()
        let probe = startProbe()
        var problem: BenchmarkError?
        do throws(BenchmarkError) {
            try await wait(for: "failing over", seconds: benchmark.options.limitSeconds, everyMilliseconds: 50) {
                let done = sentinels.map { switched[$0.name]?.count ?? 0 }
                say("all masters lost \(Report.text(seconds(since: start))) s ago, switched: \(done)")
                return done.allSatisfy { $0 == count }
            }
        } catch {
            problem = error
        }
        figures[.cpuOfFailover] = (mean { Double($0.cpuNanoseconds) } - cpu) / 1e9
        let latencies = await probe.finish()
        figures[.latencyOfFailover] = latencies?.median
        figures[.latencyOfFailover99] = latencies?.percentile(0.99)
        figures[.tilts] = Double(tilts)
        figures[.switched] = Double(sentinels.map { switched[$0.name]?.count ?? 0 }.min() ?? 0)
        if let problem { throw problem }
        figures[.failover] = Double(lastSwitchAt - start) / 1e9
        try await checkAnswers()
    }

    /// Asks every sentinel for every group: the answer has to be the replica.
    private func checkAnswers() async throws(BenchmarkError) {
        for sentinel in sentinels {
            for (index, replica) in nodes.replicas.enumerated() {
                let answer = await sentinel.masterAddress(of: "group-\(index)")
                guard answer == replica else {
                    throw .unexpected("\(sentinel.name) names \(answer.map { "\($0)" } ?? "nobody") for group-\(index)")
                }
            }
        }
    }

    private func heard(_ sentinel: String, _ event: String, _ words: [Substring]) {
        switch event {
        case "+switch-master":
            if let group = words.first, switched[sentinel, default: []].insert(group).inserted {
                lastSwitchAt = MonotonicClock.now
            }
        case "+tilt": tilts += 1
        default: break
        }
    }

    private func startProbe() -> LatencyProbe {
        LatencyProbe(sentinels, groups: count, pauseMilliseconds: Self.probePauseMilliseconds)
    }

    private func seconds(since start: UInt64) -> Double { Double(MonotonicClock.now - start) / 1e9 }
}
