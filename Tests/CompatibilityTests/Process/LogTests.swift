// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The log of our sentinel: its lines, its file and the system's log.
///
/// - Source: spec/config-and-process.md 6.
@Suite(.serialized, .ownThread) struct `The log` {
    @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
    func `goes on in a new file when the old one is renamed, also after a time without a place`(
        program: SentinelProgram
    ) throws {
        try withTemporaryDirectory { directory in
            let life = try Life(
                program, in: directory, Circumstances(lines: ["port PORT", "dir DIR", "logfile sentinel.log"]))
            defer { life.process.end() }
            try life.awaitStart()
            let path = life.directory + "/sentinel.log"
            let files = FileManager.default
            try files.moveItem(atPath: path, toPath: path + ".1")
            let old = files.contents(atPath: path + ".1")
            _ = try life.ask("SENTINEL", "MONITOR", "a", "127.0.0.1", "1", "1")
            try life.awaitText("+monitor master a 127.0.0.1 1 quorum 1")

            try files.removeItem(atPath: path)
            try files.createDirectory(atPath: path, withIntermediateDirectories: false)
            #expect(try life.ask("SENTINEL", "REMOVE", "a") == .simple("OK"))
            try files.removeItem(atPath: path)
            _ = try life.ask("SENTINEL", "MONITOR", "b", "127.0.0.1", "1", "1")
            try life.awaitText("+monitor master b 127.0.0.1 1 quorum 1")
            #expect(files.contents(atPath: path + ".1") == old)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `has nothing but lines of the known form, from the first to the last`() throws {
        try withTemporaryDirectory { directory in
            let life = try Life(
                .ours, in: directory,
                Circumstances(lines: [
                    "port PORT", "loglevel debug", "sentinel monitor m 127.0.0.1 \(LoopbackPort.free()) 1",
                    "sentinel down-after-milliseconds m 100",
                ]))
            defer { life.process.end() }
            try eventually("it sees the master down", within: .seconds(10)) {
                life.texts.contains { $0.hasPrefix("+sdown ") }
            }
            _ = try life.ask("PING")
            let number = "\(life.process.pid ?? 0)"
            #expect(try life.terminate() == 0)
            let lines = life.lines
            #expect(lines.count == life.log.split(separator: "\n", omittingEmptySubsequences: false).count - 1)
            #expect(lines.allSatisfy { $0.process == number })
            let levels = { (prefix: String) in lines.first { $0.text.hasPrefix(prefix) }?.level }
            #expect(levels("oO0OoO0OoO0Oo Redis is starting") == "*")
            #expect(levels("Running mode=sentinel") == "*")
            #expect(levels("+monitor") == "#")
            #expect(levels("+sdown") == "#")
            #expect(levels("Accepted 127.0.0.1:") == "-")
            #expect(levels("Received SIGTERM") == "s")
            let farewell = "Sentinel is now ready to exit, bye bye..."
            #expect(lines.last == LogLine(level: "#", process: number, text: farewell))
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: [("warning", ["#"]), ("notice", ["#", "*"]), ("nothing", [])])
    func `has nothing below its level`(level: String, marks: [String]) throws {
        try withTemporaryDirectory { directory in
            let life = try Life(.ours, in: directory, Circumstances(lines: ["port PORT", "loglevel \(level)"]))
            defer { life.process.end() }
            try eventually("it answers", within: .seconds(10)) { try life.ask("PING") == .simple("PONG") }
            #expect(try life.terminate() == 0)
            #expect(Set(life.lines.map { "\($0.level)" }).subtracting(["s"]) == Set(marks))
        }
    }

    /// With a view of the file system of its own, in which `/dev` is a directory of the test.
    @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
    func `goes to the system's log as well`(program: SentinelProgram) throws {
        try withTemporaryDirectory { directory in
            let devices = directory + "/dev"
            try FileManager.default.createDirectory(atPath: devices, withIntermediateDirectories: false)
            let inbox = DatagramInbox(devices + "/log")
            let life = try Life(
                program, in: directory,
                Circumstances(
                    lines: [
                        "port PORT", "dir DIR", "logfile sentinel.log", "syslog-enabled yes", "syslog-ident watchman",
                        "syslog-facility local3",
                    ],
                    wrapper: """
                        unshare --map-root-user --mount \
                            sh -c 'mount --bind "$0" /dev && exec "$@"' '\(devices)'
                        """))
            defer { life.process.end() }
            try life.awaitStart()
            #expect(try life.terminate() == 0)
            let messages = inbox.receive()
            let expected = [(157, "Running mode=sentinel, port=\(life.port)."), (156, "User requested shutdown...")]
            for (priority, text) in expected {
                #expect(
                    messages.contains { message in
                        message.hasPrefix("<\(priority)>") && message.hasSuffix(": \(text)")
                            && message.contains(#/^<\d+>\w{3} [ \d]\d \d\d:\d\d:\d\d watchman\[\d+\]: /#)
                    }, "\(messages)")
            }
            #expect(life.texts.contains("User requested shutdown..."), "the file has it, too")
        }
    }
}
