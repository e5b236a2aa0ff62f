// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A configuration file that cannot be loaded is left alone and explained.
///
/// - Source: spec/config-and-process.md 1.1 (layout of the message), 2 and 3 (reasons).
@Suite(.ownThread) struct `Configuration errors` {
    struct BadLine: CustomTestStringConvertible, Sendable {
        let line: String
        let reason: String
        var testDescription: String { line }

        init(_ line: String, _ reason: String) {
            self.line = line
            self.reason = reason
        }
    }

    static let badLines = [
        BadLine("sentinel monitor m 127.0.0.1 6379 0", "Quorum must be 1 or greater."),
        BadLine("sentinel monitor m 127.0.0.1 6379", "Unrecognized sentinel configuration statement."),
        BadLine("sentinel monitor first 127.0.0.1 6380 2", "Duplicate master name."),
        BadLine("sentinel monitor m 127.0.0.1 99999 2", "Invalid port number."),
        BadLine("sentinel monitor m not.an.address 6379 2", "Can't resolve instance hostname."),
        BadLine("sentinel down-after-milliseconds nosuch 5", "No such master with specified name."),
        BadLine("sentinel down-after-milliseconds first 0", "negative or zero time parameter."),
        BadLine("sentinel failover-timeout first -1", "negative or zero time parameter."),
        BadLine("sentinel myid short", "Malformed Sentinel id in myid option."),
        BadLine("sentinel frobnicate first", "Unrecognized sentinel configuration statement."),
        BadLine(
            "sentinel deny-scripts-reconfig maybe", "Please specify yes or no for the deny-scripts-reconfig options."),
        BadLine(
            "sentinel notification-script first /nonexistent",
            "Notification script seems non existing or non executable."),
        BadLine(
            "sentinel known-sentinel first 127.0.0.1 5 bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
            "Duplicate runid for sentinel."),
        BadLine("frobnicate yes", "Bad directive or wrong number of arguments"),
        BadLine("port 70000", "argument must be between 0 and 65535 inclusive"),
        BadLine("port abc", "argument couldn't be parsed into an integer"),
        BadLine("protected-mode maybe", "argument must be 'yes' or 'no'"),
        BadLine("timeout 5 # comment", "wrong number of arguments"),
        BadLine("dir \"unbalanced", "Unbalanced quotes in configuration line"),
    ]

    @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases, badLines)
    func `name line, text and reason on stderr, exit 1, and leave the file`(
        program: SentinelProgram, bad: BadLine
    ) throws {
        let text = """
            # A comment, and trailing space.  \nport \(LoopbackPort.free())

            sentinel monitor first 127.0.0.1 6379 2
            sentinel known-sentinel first 127.0.0.1 4 bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
              \(bad.line)  \nsentinel parallel-syncs first 1
            """
        let end = try run(program, text: text)
        #expect(end.code == 1)
        let lines = end.errors.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        #expect(lines.first == "")
        #expect(lines.dropFirst().first?.hasPrefix("*** FATAL CONFIG FILE ERROR (") == true)
        #expect(
            lines.dropFirst(2) == [
                "Reading the configuration file, at line 6", ">>> '\(bad.line)'", bad.reason, "",
            ])
        #expect(end.file == Data(text.utf8))
    }

    @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
    func `a file that is not there is refused`(program: SentinelProgram) throws {
        try withTemporaryDirectory { directory in
            for arguments in [[], [directory + "/absent.conf"]] {
                let process = try ServerProcess(
                    name: "sentinel", directory: directory + "/\(arguments.count)", executable: program.path(),
                    arguments: arguments)
                try process.start()
                #expect(try process.waitForExit(within: .seconds(10)) == 1)
                #expect(!(process.log() + process.errors()).isEmpty)
            }
        }
    }

    /// Runs the program with a file of this text until it ends; returns its exit code, stderr and what the file holds.
    private func run(_ program: SentinelProgram, text: String) throws -> (code: Int32, errors: String, file: Data?) {
        try withTemporaryDirectory { directory in
            let path = directory + "/sentinel.conf"
            try text.write(toFile: path, atomically: false, encoding: .utf8)
            let process = try ServerProcess(
                name: "sentinel", directory: directory, executable: program.path(), arguments: [path])
            try process.start()
            let code = try process.waitForExit(within: .seconds(10))
            return (code, process.errors(), FileManager.default.contents(atPath: path))
        }
    }
}
