// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension Rules {
    /// - Source: spec/monitoring.md 9a (scripts); spec/commands.md 6.13 (PENDING-SCRIPTS).
    @Suite(.serialized) struct Scripts {
        @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
        func `both scripts get their arguments, the environment, the directory, and nothing else`(
            program: SentinelProgram
        ) throws {
            try withStage { stage in
                let group = try stage.group(replicas: 1)
                let (old, new) = (group.servers[0].port, group.servers[1].port)
                let notify = try stage.shellScript(
                    "notify", "echo \"$# $1|$2\" >> \(stage.directory)/notified")
                let reconfigure = try stage.shellScript(
                    "reconfigure",
                    """
                    { echo "$# $@"; pwd; echo "$HOME"; } > \(stage.directory)/moved
                    # Whatever a shell opens for itself is above what it was given; what it looked through is gone by now.
                    for fd in /proc/$$/fd/*; do readlink $fd || :; done > \(stage.directory)/descriptors
                    """)
                let sentinel = try stage.sentinel(
                    program, watching: old,
                    options: SentinelServer.alone(masterLines: [
                        ("notification-script", notify), ("client-reconfig-script", reconfigure),
                    ]), debug: ["INFO-PERIOD", "700"])
                try sentinel.awaitReplicas(1)
                #expect(try sentinel.ask("SENTINEL", "FAILOVER", "mymaster") == .simple("OK"))
                try sentinel.awaitEvent("+switch-master")
                let wanted = "2 +switch-master|mymaster 127.0.0.1 \(old) 127.0.0.1 \(new)"
                try eventually("it is notified", within: .seconds(10)) { stage.text(of: "notified").contains(wanted) }
                let lines = stage.text(of: "notified").split(separator: "\n").map(String.init)
                let own = "mymaster 127.0.0.1"
                #expect(lines.contains("2 +monitor|master \(own) \(old) quorum 1"))
                #expect(lines.contains("2 +new-epoch|1"))
                #expect(lines.contains("2 +try-failover|master \(own) \(old)"))
                #expect(!lines.contains { $0.hasPrefix("2 +slave") })

                let moved = try eventually("the other script has run", within: .seconds(10)) {
                    stage.text(of: "moved").split(separator: "\n").map(String.init)
                } until: {
                    $0.count == 3
                }
                try sentinel.awaitNoScripts()
                let home = ProcessInfo.processInfo.environment["HOME"] ?? ""
                #expect(
                    moved == [
                        "7 mymaster leader start 127.0.0.1 \(old) 127.0.0.1 \(new)", sentinel.process.directory, home,
                    ])
                // What the sentinel itself was given, it may hand on; what it opened, it may not. (The original hands
                // on what it inherited from tests that run beside this one, which can't be told apart.)
                guard program == .ours else { return }
                let opened = Set(descriptors(of: "\(sentinel.process.pid ?? 0)")).subtracting(descriptors(of: "self"))
                let given = stage.text(of: "descriptors").split(separator: "\n").map(String.init)
                #expect(opened.contains { $0.hasPrefix("socket:") })
                #expect(opened.isDisjoint(with: given.filter { $0.contains(":[") }), "\(given)")
            }
        }

        @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
        func `an observer runs the reconfiguration script after the switch`(program: SentinelProgram) throws {
            try withStage { stage in
                let group = try stage.group(replicas: 1)
                let (old, new) = (group.servers[0].port, group.servers[1].port)
                let script = try stage.shellScript("reconfigure", "echo \"$@\" > \(stage.directory)/moved")
                let sentinel = try stage.sentinel(
                    program, watching: old,
                    options: SentinelServer.alone(masterLines: [("client-reconfig-script", script)]))
                let id = String(repeating: "b", count: 40)
                _ = try sentinel.ask(
                    "PUBLISH", "__sentinel__:hello", "127.0.0.1,1001,\(id),3,mymaster,127.0.0.1,\(new),3")
                try eventually("the script has run", within: .seconds(10)) {
                    stage.text(of: "moved")
                } until: {
                    $0 == "mymaster observer start 127.0.0.1 \(old) 127.0.0.1 \(new)\n"
                }
            }
        }

        struct Ending: Sendable, CustomTestStringConvertible {
            let testDescription: String
            let text: String
            let isRetried: Bool
            /// The signal and the code in -script-error.
            let numbers: String

            static let all = [
                Ending(testDescription: "exits with 1", text: "exit 1", isRetried: true, numbers: "0 1"),
                Ending(testDescription: "is killed", text: "kill -9 $$", isRetried: true, numbers: "9 0"),
                Ending(testDescription: "exits with 2", text: "exit 2", isRetried: false, numbers: "0 2"),
                Ending(testDescription: "exits with 77", text: "exit 77", isRetried: false, numbers: "0 77"),
            ]
        }

        @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases, Ending.all)
        func `exit code 1 and signals are tried again up to ten times, other codes are errors at once`(
            program: SentinelProgram, ending: Ending
        ) throws {
            try withStage { stage in
                let node = try stage.dataServer()
                let script = try stage.shellScript(
                    "script",
                    "[ -e \(stage.directory)/armed ] || exit 0\necho >> \(stage.directory)/runs\n\(ending.text)")
                let sentinel = try stage.sentinel(
                    program, watching: node.port,
                    options: SentinelServer.alone(masterLines: [("notification-script", script)]),
                    debug: ["SCRIPT-RETRY-DELAY", "1"])
                try sentinel.awaitNoScripts()
                try "".write(toFile: stage.directory + "/armed", atomically: false, encoding: .utf8)
                _ = try sentinel.ask("SENTINEL", "SET", "mymaster", "quorum", "1")
                let error = try sentinel.awaitEvent("-script-error")
                #expect(error.payload == "\(script) \(ending.numbers)")
                #expect(stage.text(of: "runs").utf8.count == (ending.isRetried ? 10 : 1))
                try sentinel.awaitNoScripts()
            }
        }

        @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
        func `a script that is gone, or is no program, is an error at once`(program: SentinelProgram) throws {
            try withStage { stage in
                let node = try stage.dataServer()
                let script = try stage.shellScript("script", "exit 0")
                let sentinel = try stage.sentinel(
                    program, watching: node.port,
                    options: SentinelServer.alone(masterLines: [("notification-script", script)]))
                try sentinel.awaitNoScripts()
                try FileManager.default.removeItem(atPath: script)
                _ = try sentinel.ask("SENTINEL", "SET", "mymaster", "quorum", "1")
                #expect(try sentinel.awaitEvent("-script-error").payload == "\(script) 0 2")
                try sentinel.awaitNoScripts()
            }
        }

        @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
        func `a script that never ends is ended after its time, and PENDING-SCRIPTS tells of it`(
            program: SentinelProgram
        ) throws {
            try withStage { stage in
                let node = try stage.dataServer()
                let script = try stage.shellScript("script", "exec sleep 300")
                let sentinel = try stage.sentinel(
                    program, watching: node.port,
                    options: SentinelServer.alone(masterLines: [("notification-script", script)]),
                    debug: ["SCRIPT-MAX-RUNTIME", "1500", "SCRIPT-RETRY-DELAY", "60000"])
                let running = try eventually("it runs", within: .seconds(10)) {
                    try sentinel.pendingScripts()
                } until: {
                    $0.first?["flags"] == "running" && $0.first?["pid"] != "0"
                }
                #expect(running.count == 1)
                let processID = try #require(running[0]["pid"].flatMap(Int32.init))
                #expect(kill(processID, 0) == 0)
                #expect(running[0]["retry-num"] == "1")
                #expect(try sentinel.awaitEvent("-script-timeout").payload == "\(script) \(processID)")
                let waiting = try eventually("it waits for its next try", within: .seconds(10)) {
                    try sentinel.pendingScripts()
                } until: {
                    $0.first?["flags"] == "scheduled"
                }
                #expect(waiting[0]["pid"] == "0")
                #expect(waiting[0]["run-delay"].flatMap(Int.init).map { (1...60_000).contains($0) } == true)
                try eventually("the process is gone", within: .seconds(5)) { kill(processID, 0) != 0 }
            }
        }

        @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
        func `sixteen run at once, 256 are kept, and the number of descriptors does not grow`(
            program: SentinelProgram
        ) throws {
            try withStage { stage in
                let node = try stage.dataServer()
                let script = try stage.shellScript(
                    "script", "[ -e \(stage.directory)/go ] && exit 0\nexec sleep 300")
                let sentinel = try stage.sentinel(
                    program, watching: node.port,
                    options: SentinelServer.alone(masterLines: [("notification-script", script)]))
                // Slow downs nothing: the answers come while sixteen scripts run.
                for _ in 0..<300 { _ = try sentinel.ask("SENTINEL", "SET", "mymaster", "quorum", "1") }
                let pending = try eventually("sixteen run", within: .seconds(10)) {
                    try sentinel.pendingScripts()
                } until: { scripts in
                    scripts.count { $0["flags"] == "running" && $0["pid"] != "0" } == 16
                }
                #expect(pending.count == 256)
                if program == .ours { #expect(try sentinel.internals("dropped_scripts") == 45) }

                try "".write(toFile: stage.directory + "/go", atomically: false, encoding: .utf8)
                try sentinel.debug(["SCRIPT-RETRY-DELAY", "1"])
                for pid in pending.compactMap({ $0["pid"].flatMap(Int32.init) }) where pid > 1 { kill(pid, SIGTERM) }
                try sentinel.awaitNoScripts()
                let before = sentinel.openDescriptors
                for _ in 0..<40 { _ = try sentinel.ask("SENTINEL", "SET", "mymaster", "quorum", "1") }
                try sentinel.awaitNoScripts()
                try eventually("as many descriptors as before", within: .seconds(5)) {
                    sentinel.openDescriptors
                } until: {
                    $0 <= before
                }
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func `what a script writes without end does not fill the disk`() throws {
            try withStage { stage in
                let node = try stage.dataServer()
                let script = try stage.shellScript("script", "exec yes")
                let sentinel = try stage.sentinel(
                    .ours, watching: node.port,
                    options: SentinelServer.alone(masterLines: [("notification-script", script)]),
                    debug: ["SCRIPT-MAX-RUNTIME", "2000", "SCRIPT-RETRY-DELAY", "60000"])
                try sentinel.awaitEvent("-script-timeout")
                #expect(sentinel.process.log().utf8.count < 100_000)
                #expect(sentinel.process.log().contains("y\ny\n"))
            }
        }
    }
}

/// What the descriptors of a process lead to.
private func descriptors(of process: String) -> [String] {
    let directory = "/proc/\(process)/fd"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    return names.compactMap { try? FileManager.default.destinationOfSymbolicLink(atPath: "\(directory)/\($0)") }
}

extension SentinelServer {
    fileprivate func pendingScripts() throws -> [[String: String]] {
        try ask("SENTINEL", "PENDING-SCRIPTS").items.map(\.fields)
    }

    fileprivate func awaitNoScripts() throws {
        try eventually("no script waits or runs", within: .seconds(20)) { try pendingScripts().isEmpty }
    }

    /// How many descriptors its process has open.
    fileprivate var openDescriptors: Int {
        guard let pid = process.pid else { return -1 }
        return (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").count) ?? -1
    }
}
