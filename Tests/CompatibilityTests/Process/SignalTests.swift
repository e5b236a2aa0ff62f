// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Signals at awkward moments, and the report of a crash.
///
/// - Source: spec/config-and-process.md 7.
@Suite(.serialized, .ownThread) struct `Signals at their worst` {
    /// The original can be hit between its first line of log and the moment it begins to catch signals.
    @Test(.timeLimit(.minutes(1)), arguments: [SIGTERM, SIGINT])
    func `one that comes during the start ends it in order`(signal: Int32) throws {
        try withTemporaryDirectory { directory in
            for _ in 0..<10 {
                let life = try Life(.ours, in: directory, Circumstances(lines: ["port PORT", "pidfile DIR/pid"]))
                try eventually("its first line", within: .seconds(10)) { !life.texts.isEmpty }
                life.process.signal(signal)
                #expect(try life.process.waitForExit(within: .seconds(10)) == 0)
                #expect(!FileManager.default.fileExists(atPath: life.directory + "/pid"))
                #expect(life.texts.last == "Sentinel is now ready to exit, bye bye...")
            }
        }
    }

    /// Standard output is a pipe that nobody reads: a line of log that does not fit holds up the main queue for ever.
    @Test(.timeLimit(.minutes(1)), arguments: [SIGINT, SIGTERM])
    func `SIGINT ends one that hangs, if it is not the first`(first: Int32) throws {
        try withTemporaryDirectory { directory in
            let pipe = directory + "/pipe"
            #expect(mkfifo(pipe, 0o600) == 0)
            let reader = open(pipe, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
            defer { close(reader) }
            let life = try Life(.ours, in: directory, Circumstances(before: "exec >\(pipe)"))
            defer { life.process.end() }
            let client = try eventually("it listens", within: .seconds(10)) {
                try RedisClient(port: life.port)
            } until: { _ in
                true
            }
            // Each is a line of a thousand bytes; a pipe holds 65,536, of which little is left.
            let writer = open(pipe, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
            defer { close(writer) }
            let filling = [UInt8](repeating: 46, count: 48 << 10)
            #expect(write(writer, filling, filling.count) == filling.count)
            for number in 0..<40 {
                let name = "\(number)" + String(repeating: "m", count: 1000)
                try client.send(command: ["SENTINEL", "MONITOR", name, "127.0.0.1", "1", "1"])
            }
            try eventually("it hangs", within: .seconds(20)) {
                do {
                    _ = try RedisClient(port: life.port).request(["PING"], within: .seconds(3))
                    return false
                } catch RedisClient.Failure.timeout {
                    return true
                }
            }
            life.process.signal(first)
            try throughout("it hangs on", for: .milliseconds(200), { life.process.isRunning }) { $0 }
            life.process.signal(SIGINT)
            #expect(try life.process.waitForExit(within: .seconds(10)) == 1)
        }
    }

    @Test(
        .timeLimit(.minutes(1)), arguments: [SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT], ["", "sentinel.log"])
    func `a crash is reported before the signal does its work`(signal: Int32, file: String) throws {
        try withTemporaryDirectory { directory in
            let life = try Life(
                .ours, in: directory,
                Circumstances(
                    lines: ["port PORT", "dir DIR", "logfile \"\(file)\"", "requirepass open-sesame"],
                    before: "ulimit -c 0"))
            try life.awaitStart()
            life.process.signal(signal)
            #expect(try life.process.waitForExit(within: .seconds(10)) == 128 + signal)
            let report = life.log.split(separator: "=== REDIS BUG REPORT START ===").last.map(String.init) ?? ""
            #expect(report.contains("=== REDIS BUG REPORT END ==="))
            #expect(report.contains(/Redis [\d.]+ \(swift-sentinel [\d.]+\) crashed by signal: \d+, si_code: 0\n/))
            #expect(report.contains("crashed by signal: \(signal), "))
            #expect(report.contains("Killed by PID: \(getpid()), UID: \(getuid())"))
            #if canImport(Glibc)
                #expect(report.contains(/STACK TRACE ------\n.*\[0x[0-9a-f]+\]\n/), "a frame")
            #endif
            #expect(!life.log.contains("open-sesame"))
        }
    }

    /// The runtime's tool for developers would catch them otherwise, where it is found, and have the process go on.
    @Test(.timeLimit(.minutes(1)), arguments: [SIGQUIT, SIGABRT], ["enable=no", "enable=yes"])
    func `what ends a process ends it where no report is wanted`(signal: Int32, backtrace: String) throws {
        try withTemporaryDirectory { directory in
            let life = try Life(
                .ours, in: directory,
                Circumstances(
                    lines: ["port PORT", "crash-log-enabled no"], environment: ["SWIFT_BACKTRACE": backtrace],
                    before: "ulimit -c 0"))
            defer { life.process.end() }
            try life.awaitStart()
            life.process.signal(signal)
            #expect(try life.process.waitForExit(within: .seconds(10)) == 128 + signal)
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
    func `a crash is not reported when that is not wanted`(program: SentinelProgram) throws {
        try withTemporaryDirectory { directory in
            let life = try Life(
                program, in: directory,
                Circumstances(lines: ["port PORT", "crash-log-enabled no"], before: "ulimit -c 0"))
            try life.awaitStart()
            let before = life.log
            life.process.signal(SIGSEGV)
            #expect(try life.process.waitForExit(within: .seconds(10)) == 128 + SIGSEGV)
            #expect(life.log == before)
        }
    }

    /// Whether or not the client has heard of it by then.
    @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
    func `what was changed right before the end is in the file`(program: SentinelProgram) throws {
        try withTemporaryDirectory { directory in
            for _ in 0..<5 {
                let life = try Life(
                    program, in: directory,
                    Circumstances(lines: ["port PORT", "sentinel monitor m 127.0.0.1 \(LoopbackPort.free()) 1"]))
                try life.awaitStart()
                let commands = [
                    ["SENTINEL", "SET", "m", "quorum", "5"], ["SENTINEL", "SET", "m", "failover-timeout", "777"],
                    ["SHUTDOWN"],
                ]
                let client = try RedisClient(port: life.port)
                try client.send(commands.flatMap(RedisClient.encode))
                #expect(try life.process.waitForExit(within: .seconds(10)) == 0)
                let file = try String(contentsOfFile: life.directory + "/sentinel.conf", encoding: .utf8)
                #expect(file.contains(/\nsentinel monitor m 127.0.0.1 \d+ 5\n/))
                #expect(file.contains("\nsentinel failover-timeout m 777\n"))
            }
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
    func `what a killed one left behind is no obstacle`(program: SentinelProgram) throws {
        try withTemporaryDirectory { directory in
            let life = try Life(
                program, in: directory,
                Circumstances(lines: ["port PORT", "pidfile DIR/pid", "unixsocket DIR/socket"]))
            try life.awaitStart()
            life.process.kill()
            try life.process.start()
            defer { life.process.end() }
            try eventually("it answers", within: .seconds(10)) { answers(atPath: life.directory + "/socket") }
            let text = try String(contentsOfFile: life.directory + "/pid", encoding: .utf8)
            #expect(text == "\(life.process.pid ?? 0)\n")
            #expect(try life.terminate() == 0)
        }
    }
}
