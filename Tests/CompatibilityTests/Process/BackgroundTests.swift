// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// `daemonize yes`.
///
/// - Source: spec/config-and-process.md 7.
@Suite(.serialized, .ownThread) struct `In the background` {
    private static let lines = [
        "port PORT", "bind 127.0.0.1", "daemonize yes", "pidfile DIR/pid", "logfile DIR/sentinel.log", "dir DIR",
    ]

    @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
    func `it lives in a session of its own, without terminal, until SIGTERM`(program: SentinelProgram) throws {
        try withTemporaryDirectory { directory in
            let life = try Life(program, in: directory, Circumstances(lines: Self.lines))
            let started = life.process.pid
            #expect(try life.process.waitForExit(within: .seconds(10)) == 0, "the process that was started")
            let daemon = try Daemon(life)
            defer { daemon.end() }
            #expect(daemon.number != started)
            #expect(daemon.stat(4) == "\(daemon.number)", "group")
            #expect(daemon.stat(5) == "\(daemon.number)", "session")
            #expect(daemon.stat(6) == "0", "terminal")
            for descriptor in 0...2 { #expect(daemon.link("fd/\(descriptor)") == "/dev/null") }
            #expect(daemon.link("cwd") == life.directory)
            #expect(try life.ask("PING") == .simple("PONG"))
            try eventually("its log", within: .seconds(10)) { life.texts.contains { $0.hasPrefix("Sentinel ID is") } }
            #expect(Set(life.lines.map(\.process)) == ["\(daemon.number)"])
            #expect(life.process.log() + life.process.errors() == "")

            kill(daemon.number, SIGTERM)
            try eventually("its end", within: .seconds(10)) { !daemon.isRunning }
            #expect(!FileManager.default.fileExists(atPath: life.directory + "/pid"))
            #expect(life.texts.last == "Sentinel is now ready to exit, bye bye...")
        }
    }

    /// The variable may be empty, which is how a shell takes it away.
    @Test(
        .timeLimit(.minutes(1)), arguments: SentinelProgram.allCases,
        [("systemd", "DIR/none"), ("systemd", ""), ("auto", "DIR/none"), ("auto", "")])
    func `a service manager that can't be reached does not keep it from there`(
        program: SentinelProgram, supervision: (mode: String, socket: String)
    ) throws {
        try withTemporaryDirectory { directory in
            let life = try Life(
                program, in: directory,
                Circumstances(
                    lines: Self.lines + ["supervised \(supervision.mode)"],
                    environment: ["NOTIFY_SOCKET": supervision.socket]))
            defer { life.process.end() }
            #expect(try life.process.waitForExit(within: .seconds(10)) == 0, "the process that was started")
            let daemon = try Daemon(life)
            defer { daemon.end() }
            #expect(try life.information("process_supervised") == "no")
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
    func `a file that is wrong is refused before`(program: SentinelProgram) throws {
        try withTemporaryDirectory { directory in
            let life = try Life(program, in: directory, Circumstances(lines: Self.lines + ["frobnicate yes"]))
            #expect(try life.process.waitForExit(within: .seconds(10)) == 1)
            #expect(life.process.errors().contains(">>> 'frobnicate yes'"))
            #expect(life.log == "")
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `timers, files and scripts work after the fork`() throws {
        try withTemporaryDirectory { directory in
            let dead = LoopbackPort.free()
            let life = try Life(
                .ours, in: directory,
                Circumstances(
                    lines: Self.lines + [
                        "sentinel monitor m 127.0.0.1 \(dead) 1", "sentinel down-after-milliseconds m 100",
                        "sentinel notification-script m DIR/script",
                    ],
                    before: """
                        printf '#!/bin/sh\\necho "$1" >>DIR/events\\n' >DIR/script
                        chmod 755 DIR/script
                        """))
            #expect(try life.process.waitForExit(within: .seconds(10)) == 0)
            let daemon = try Daemon(life)
            defer { daemon.end() }
            try eventually("the script runs", within: .seconds(10)) {
                let events = try String(contentsOfFile: life.directory + "/events", encoding: .utf8)
                return events.contains("+sdown\n")
            }
            let file = try String(contentsOfFile: life.directory + "/sentinel.conf", encoding: .utf8)
            #expect(file.contains("\nsentinel myid "))
        }
    }
}

/// The process in the background that a sentinel has left behind.
private final class Daemon {
    let number: pid_t
    private let life: Life

    /// Waits for the file with its number.
    init(_ life: Life) throws {
        self.life = life
        number = try eventually("the file with its number", within: .seconds(10)) {
            let text = try String(contentsOfFile: life.directory + "/pid", encoding: .utf8)
            return text.hasSuffix("\n") ? pid_t(text.dropLast()) ?? 0 : 0
        } until: {
            $0 > 1
        }
        Guardian.shared.watch(number)
    }

    /// Not our child: whether there is such a process that is not waiting to be reaped.
    var isRunning: Bool { kill(number, 0) == 0 && stat(2) != "Z" }

    func end() {
        if isRunning { kill(number, SIGKILL) }
        Guardian.shared.forget(number)
    }

    func stat(_ field: Int) -> String { life.stat(field, of: number) }

    func link(_ name: String) -> String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(number)/\(name)")
    }
}
