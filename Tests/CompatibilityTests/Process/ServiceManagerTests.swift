// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// What a service manager hears of a sentinel.
///
/// - Source: spec/config-and-process.md 7; sd_notify(3).
@Suite(.serialized, .ownThread) struct `A service manager` {
    /// The last as in Debian's unit, whose configuration file goes to the background without it.
    private static let requests = [
        ["--supervised", "systemd"], ["--supervised", "auto"],
        ["--supervised", "systemd", "--daemonize", "no"],
    ]

    @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases, requests)
    func `hears of the start and the end`(program: SentinelProgram, arguments: [String]) throws {
        try withTemporaryDirectory { directory in
            let inbox = DatagramInbox(directory + "/notify")
            let life = try Life(
                program, in: directory,
                Circumstances(
                    // Whoever is supervised stays in the foreground.
                    lines: ["port PORT", "daemonize yes"], arguments: arguments,
                    environment: ["NOTIFY_SOCKET": directory + "/notify"]))
            defer { life.process.end() }
            try inbox.await("READY") { $0.contains { $0.hasPrefix("READY=1") } }
            let number = try #require(life.process.pid)
            let ready = program == .ours ? "READY=1\nMAINPID=\(number)\n" : "READY=1\n"
            #expect(
                inbox.messages == ["STATUS=Redis is loading...\n", "STATUS=Ready to accept connections\n", ready])
            #expect(try life.ask("PING") == .simple("PONG"))
            #expect(try life.information("process_supervised") == "systemd")
            #expect(try life.terminate() == 0)
            #expect(inbox.receive().last == "STOPPING=1\n")
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
    func `may have its socket in the abstract name space`(program: SentinelProgram) throws {
        try withTemporaryDirectory { directory in
            let name = "@\(directory)/notify"
            let inbox = DatagramInbox(name)
            let life = try Life(
                program, in: directory,
                Circumstances(lines: ["port PORT", "supervised systemd"], environment: ["NOTIFY_SOCKET": name]))
            defer { life.process.end() }
            try inbox.await("READY") { $0.contains { $0.hasPrefix("READY=1") } }
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
    func `hears nothing of a sentinel that fails, but that it began`(program: SentinelProgram) throws {
        try withTemporaryDirectory { directory in
            let inbox = DatagramInbox(directory + "/notify")
            let life = try Life(
                program, in: directory,
                Circumstances(
                    lines: ["port PORT", "bind 192.0.2.1", "supervised systemd"],
                    environment: ["NOTIFY_SOCKET": directory + "/notify"]))
            #expect(try life.process.waitForExit(within: .seconds(10)) == 1)
            #expect(inbox.receive() == ["STATUS=Redis is loading...\n"])
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `hears signs of life when it wants them, and scripts know nothing of it`() throws {
        try withTemporaryDirectory { directory in
            let inbox = DatagramInbox(directory + "/notify")
            let life = try Life(
                .ours, in: directory,
                Circumstances(
                    lines: [
                        "port PORT", "supervised systemd", "sentinel monitor m 127.0.0.1 \(LoopbackPort.free()) 1",
                        "sentinel down-after-milliseconds m 100", "sentinel notification-script m DIR/script",
                    ],
                    environment: ["NOTIFY_SOCKET": directory + "/notify", "WATCHDOG_USEC": "200000"],
                    before: """
                        printf '#!/bin/sh\\nenv >DIR/scratch && mv DIR/scratch DIR/environment\\n' >DIR/script
                        chmod 755 DIR/script
                        """))
            defer { life.process.end() }
            try inbox.await("five signs of life") { $0.count { $0 == "WATCHDOG=1\n" } >= 5 }
            let environment = try eventually("the script runs", within: .seconds(10)) {
                try String(contentsOfFile: life.directory + "/environment", encoding: .utf8)
            } until: {
                !$0.isEmpty
            }
            #expect(!environment.contains("NOTIFY_SOCKET"))
            #expect(!environment.contains("WATCHDOG"))
            #expect(environment.contains("PATH="))

            // No sign of life from a process that hangs.
            life.process.stop()
            try eventually("it stands still", within: .seconds(10)) { life.kernel("status").contains("\nState:\tT") }
            let before = inbox.receive().count
            try throughout("no sign of life", for: .milliseconds(500), { inbox.receive().count }) { $0 == before }
        }
    }

    /// Its queue is full, as that of a manager that is busy for long; each wait would take a second.
    @Test(.timeLimit(.minutes(1)))
    func `that is behind holds up nothing, and hears of life when it is there again`() throws {
        try withTemporaryDirectory { directory in
            let inbox = DatagramInbox(directory + "/notify")
            let life = try Life(
                .ours, in: directory,
                Circumstances(
                    lines: ["port PORT", "supervised systemd"],
                    environment: ["NOTIFY_SOCKET": directory + "/notify", "WATCHDOG_USEC": "20000"]))
            defer { life.process.end() }
            try eventually("the queue is full", within: .seconds(10)) { life.log.contains("sd_notify") }
            for _ in 0..<200 { #expect(try life.ask("PING") == .simple("PONG")) }
            try inbox.await("fifty signs of life") { $0.count { $0 == "WATCHDOG=1\n" } >= 50 }
            #expect(life.log.components(separatedBy: "sd_notify").count < 10)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `that watches another process hears no signs of life of this one`() throws {
        try withTemporaryDirectory { directory in
            let inbox = DatagramInbox(directory + "/notify")
            let life = try Life(
                .ours, in: directory,
                Circumstances(
                    lines: ["port PORT", "supervised systemd"],
                    environment: [
                        "NOTIFY_SOCKET": directory + "/notify", "WATCHDOG_USEC": "20000", "WATCHDOG_PID": "1",
                    ]))
            defer { life.process.end() }
            try inbox.await("READY") { $0.count == 3 }
            try throughout("no sign of life", for: .milliseconds(300), { inbox.receive().count }) { $0 == 3 }
        }
    }

    /// One that nobody named is not tried again.
    @Test(.timeLimit(.minutes(1)), arguments: [("systemd", 4), ("auto", 1)])
    func `with a socket that is not there is told of in the log, and is none`(mode: String, attempts: Int) throws {
        try withTemporaryDirectory { directory in
            for (socket, why) in [(directory + "/none", "No such file or directory"), ("none", "Invalid argument")] {
                let life = try Life(
                    .ours, in: directory,
                    Circumstances(lines: ["port PORT", "supervised \(mode)"], environment: ["NOTIFY_SOCKET": socket]))
                defer { life.process.end() }
                try life.awaitStart()
                #expect(try life.information("process_supervised") == "no")
                #expect(try life.terminate() == 0)
                #expect(life.texts.first == "systemd supervision error: sd_notify: \(why)")
                #expect(life.texts.count { $0.contains("sd_notify") } == attempts)
            }
        }
    }
}
