// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A sentinel that is process 1, as in most containers.
@Suite(.serialized, .ownThread) struct `As the first process of a container` {
    /// A name space for processes, in which `unshare` stays outside and waits.
    private static let wrapper = "unshare --map-root-user --pid --fork --kill-child"

    @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
    func `it reaps what scripts leave running, and ends at SIGTERM`(program: SentinelProgram) throws {
        try withTemporaryDirectory { directory in
            let life = try Life(
                program, in: directory,
                Circumstances(
                    lines: [
                        "port PORT", "pidfile DIR/pid", "sentinel monitor m 127.0.0.1 \(LoopbackPort.free()) 1",
                        "sentinel down-after-milliseconds m 100", "sentinel notification-script m DIR/script",
                    ],
                    before: """
                        printf '#!/bin/sh\\nsleep 0.5 & sleep 0.7 &\\necho "$1" >>DIR/events\\n' >DIR/script
                        chmod 755 DIR/script
                        """,
                    wrapper: Self.wrapper))
            defer { life.process.end() }
            try eventually("the script runs for +sdown", within: .seconds(15)) {
                try String(contentsOfFile: life.directory + "/events", encoding: .utf8).contains("+sdown\n")
            }
            #expect(try String(contentsOfFile: life.directory + "/pid", encoding: .utf8) == "1\n")
            let sentinel = try #require(children(of: life.process.pid ?? 0).first)
            try eventually("nobody waits to be reaped", within: .seconds(10)) {
                children(of: sentinel).isEmpty
            }
            kill(sentinel, SIGTERM)
            #expect(try life.process.waitForExit(within: .seconds(10)) == 0)
        }
    }

    /// Nothing that it sends to itself would, and nobody else is there to see that it hangs.
    @Test(.timeLimit(.minutes(1)), arguments: [SIGABRT, SIGSEGV])
    func `a crash ends it`(signal: Int32) throws {
        try withTemporaryDirectory { directory in
            let life = try Life(
                .ours, in: directory, Circumstances(before: "ulimit -c 0", wrapper: Self.wrapper))
            defer { life.process.end() }
            try life.awaitStart()
            let sentinel = try #require(children(of: life.process.pid ?? 0).first)
            kill(sentinel, signal)
            #expect(try life.process.waitForExit(within: .seconds(10)) == 128 + signal)
            #expect(life.log.contains("=== REDIS BUG REPORT END ==="))
        }
    }

    /// Those that run and those that wait to be reaped.
    private func children(of process: pid_t) -> [pid_t] {
        let text = try? String(contentsOfFile: "/proc/\(process)/task/\(process)/children", encoding: .utf8)
        let spawnedElsewhere = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task")) ?? []
        return (text ?? "").split(separator: " ").compactMap { pid_t($0) }
            + spawnedElsewhere.filter { $0 != "\(process)" }.flatMap { thread in
                let text = try? String(contentsOfFile: "/proc/\(process)/task/\(thread)/children", encoding: .utf8)
                return (text ?? "").split(separator: " ").compactMap { pid_t($0) }
            }
    }
}
