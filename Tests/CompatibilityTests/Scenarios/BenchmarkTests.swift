// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension RealServers {
    /// The benchmark is there to be read by people and programs; the figures themselves are judged by neither here.
    @Suite struct Benchmark {
        @Test(.timeLimit(.minutes(2)))
        func `measures a failover of both programs, tells it as JSON and leaves nothing behind`() throws {
            try withTemporaryDirectory { directory in
                let output = try run(["failover", "--runs", "1", "--down-after", "300", "--json"], in: directory)
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
                let left = try FileManager.default.contentsOfDirectory(atPath: directory)
                #expect(left.isEmpty)
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
                let benchmark = Process()
                benchmark.executableURL = URL(fileURLWithPath: try Programs.built("sentinel-benchmark"))
                benchmark.arguments = ["failover", "--ours-only"]
                benchmark.environment = ProcessInfo.processInfo.environment.merging(["TMPDIR": directory]) { $1 }
                benchmark.standardOutput = FileHandle.nullDevice
                benchmark.standardError = FileHandle.nullDevice
                try benchmark.run()
                Guardian.shared.watch(benchmark.processIdentifier)
                try eventually("sentinels have been started", within: .seconds(30)) {
                    let found = FileManager.default.enumerator(atPath: directory)?.allObjects as? [String] ?? []
                    return found.contains { $0.hasSuffix("sentinel.conf") }
                }
                kill(benchmark.processIdentifier, signal)
                benchmark.waitUntilExit()
                Guardian.shared.forget(benchmark.processIdentifier)
                #expect(benchmark.terminationStatus == (signal == SIGKILL ? SIGKILL : 128 + signal))
                // The directory goes once all that lived in it is gone.
                try eventually("nothing is left", within: .seconds(10)) {
                    try FileManager.default.contentsOfDirectory(atPath: directory).isEmpty
                }
            }
        }

        /// Runs the benchmark and returns what it printed.
        private func run(_ arguments: [String], in directory: String, status: Int32 = 0) throws -> Data {
            let benchmark = Process()
            benchmark.executableURL = URL(fileURLWithPath: try Programs.built("sentinel-benchmark"))
            benchmark.arguments = arguments
            benchmark.environment = ProcessInfo.processInfo.environment.merging(["TMPDIR": directory]) { $1 }
            let (output, errors) = (Pipe(), Pipe())
            benchmark.standardOutput = output
            benchmark.standardError = errors
            try benchmark.run()
            Guardian.shared.watch(benchmark.processIdentifier)
            let printed = output.fileHandleForReading.readDataToEndOfFile()
            let complaint = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            benchmark.waitUntilExit()
            Guardian.shared.forget(benchmark.processIdentifier)
            #expect(benchmark.terminationStatus == status, "\(complaint)")
            #expect(complaint.isEmpty == (status == 0), "no progress where nobody looks: \(complaint)")
            return printed
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
