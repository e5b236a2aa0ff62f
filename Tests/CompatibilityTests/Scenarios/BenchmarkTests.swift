// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension RealServers {
    /// The benchmark is there to be read by people and programs; the figures themselves are judged by neither here.
    @Suite struct Benchmark {
        @Test(.timeLimit(.minutes(5)))
        func `measures a failover of both programs, tells it as JSON and leaves nothing behind`() throws {
            try withTemporaryDirectory { directory in
                let output = try run(["failover", "--runs", "1", "--down-after", "2000", "--json"], in: directory)
                let report = try JSONDecoder().decode(Report.self, from: output)
                #expect(report.scenario == "failover")
                #expect(Set(report.programs.keys) == ["ours", "original"])
                let milestones = report.measures.filter { $0.name != "split votes, how long" }
                #expect(milestones.count == 7)
                for milestone in milestones {
                    let (ours, original) = try (#require(milestone.ours), #require(milestone.original))
                    #expect(ours.samples == 1 && original.samples == 1)
                    #expect(ours.median > 0 && original.median > 0, "\(milestone.name)")
                    #expect(milestone.unit == "ms")
                }
                let inOrder = ["sdown", "odown", "elected", "promoted"].compactMap { name in
                    milestones.first { $0.name == name }?.ours?.median
                }
                #expect(inOrder.count == 4 && inOrder == inOrder.sorted())
                #expect(try FileManager.default.contentsOfDirectory(atPath: temporary(directory)).isEmpty)
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func `says what is wrong with its arguments`() throws {
            try withTemporaryDirectory { directory in
                for arguments in [["no-such-scenario"], ["failover", "--runs", "0"], ["idle", "--clients"]] {
                    let output = try run(arguments, in: directory, status: 2)
                    #expect(output.isEmpty)
                }
            }
        }

        @Test(.timeLimit(.minutes(1)), arguments: [SIGINT, SIGTERM, SIGKILL])
        func `ends what it has started when it is interrupted`(signal: Int32) throws {
            try withTemporaryDirectory { directory in
                let benchmark = try start(["failover", "--ours-only"], in: directory)
                defer { benchmark.end() }
                try eventually("sentinels have been started", within: .seconds(60)) {
                    let found = FileManager.default.enumerator(atPath: temporary(directory))?.allObjects as? [String]
                    return (found ?? []).contains { $0.hasSuffix("sentinel.conf") }
                }
                benchmark.signal(signal)
                #expect(try benchmark.waitForExit(within: .seconds(20)) == 128 + signal)
                // The directory goes once all that lived in it is gone.
                try eventually("nothing is left", within: .seconds(10)) {
                    try FileManager.default.contentsOfDirectory(atPath: temporary(directory)).isEmpty
                }
            }
        }

        /// There was a moment in which the one that cleans up did not know of a process that had just been started.
        @Test(.timeLimit(.minutes(2)))
        func `leaves nobody behind when it is killed as it starts somebody`() throws {
            for round in 0..<10 {
                try withTemporaryDirectory { directory in
                    let benchmark = try start(["failover", "--ours-only"], in: directory)
                    defer { benchmark.end() }
                    let pid = try #require(benchmark.pid)
                    // The first is the one that cleans up.
                    let wanted = 2 + round % 3
                    let end = ContinuousClock.now + .seconds(60)
                    while children(of: pid).count < wanted, benchmark.isRunning, ContinuousClock.now < end {}
                    benchmark.kill()
                    #expect(benchmark.exitCode == 128 + SIGKILL)
                    try eventually("nothing is left", within: .seconds(10)) {
                        try FileManager.default.contentsOfDirectory(atPath: temporary(directory)).isEmpty
                    }
                    try eventually("nobody is left", within: .seconds(10)) {
                        processes(in: temporary(directory)).isEmpty
                    }
                }
            }
        }

        private func children(of process: pid_t) -> [Substring] {
            let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task")) ?? []
            return threads.flatMap { thread in
                text("/proc/\(process)/task/\(thread)/children").split(separator: " ")
            }
        }

        /// Those that were told of a directory, or write into it: a server that sets its title has no environment to
        /// read.
        private func processes(in directory: String) -> [String] {
            let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
            return all.filter { process in
                guard Int(process) != nil else { return false }
                let output = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/fd/1")
                return output?.hasPrefix(directory) ?? false
                    || text("/proc/\(process)/environ").split(separator: "\0").contains("TMPDIR=\(directory)")
            }
        }

        private func text(_ path: String) -> String {
            String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
        }

        /// Where the benchmark makes its directories.
        private func temporary(_ directory: String) -> String { "\(directory)/temporary" }

        private func start(_ arguments: [String], in directory: String) throws -> ServerProcess {
            try FileManager.default.createDirectory(atPath: temporary(directory), withIntermediateDirectories: true)
            let program = try Programs.built("sentinel-benchmark")
            let benchmark = try ServerProcess(
                name: "benchmark", directory: "\(directory)/\(UUID().uuidString)",
                executable: Programs.installed("env"),
                arguments: ["TMPDIR=\(temporary(directory))", program] + arguments)
            try benchmark.start()
            return benchmark
        }

        /// Runs the benchmark and returns what it printed.
        private func run(_ arguments: [String], in directory: String, status: Int32 = 0) throws -> Data {
            let benchmark = try start(arguments, in: directory)
            defer { benchmark.end() }
            let code = try benchmark.waitForExit(within: .seconds(240))
            let complaint = benchmark.errors()
            #expect(code == status, "\(complaint)")
            #expect(complaint.isEmpty == (status == 0), "no progress where nobody looks: \(complaint)")
            return Data(benchmark.log().utf8)
        }
    }
}

/// The part of the benchmark's JSON that is looked at.
private struct Report: Decodable {
    struct Summary: Decodable {
        var median: Double
        var maximum: Double
        var samples: Int
    }

    struct Measure: Decodable {
        var name: String
        var unit: String
        var ours: Summary?
        var original: Summary?
    }

    struct Program: Decodable {
        var path: String
        var version: String
    }

    var scenario: String
    var programs: [String: Program]
    var measures: [Measure]
}
