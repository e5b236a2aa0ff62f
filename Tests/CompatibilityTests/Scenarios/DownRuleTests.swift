// SPDX-License-Identifier: Apache-2.0

import Testing

extension Rules {
    /// - Source: spec/monitoring.md 3.2 (PING), 4 (down detection), 2 (tilt).
    @Suite(.serialized) struct Down {
        struct Answer: Sendable, CustomTestStringConvertible {
            let reply: String
            let isAlive: Bool
            var testDescription: String { String(reply.dropLast(2)) }
        }

        static let answers = [
            Answer(reply: "+PONG\r\n", isAlive: true), Answer(reply: "+PONGxyz\r\n", isAlive: true),
            Answer(reply: "-LOADING wait\r\n", isAlive: true), Answer(reply: "-MASTERDOWN no link\r\n", isAlive: true),
            Answer(reply: "$4\r\nPONG\r\n", isAlive: false), Answer(reply: "-NOAUTH log in\r\n", isAlive: false),
            Answer(reply: "-MISCONF disk\r\n", isAlive: false), Answer(reply: "-ERR never\r\n", isAlive: false),
            Answer(reply: ":1\r\n", isAlive: false), Answer(reply: "*0\r\n", isAlive: false),
        ]

        @Test(.timeLimit(.minutes(2)), arguments: SentinelProgram.allCases)
        func `PONG, LOADING and MASTERDOWN show life; other answers, errors for ever too, do not`(
            program: SentinelProgram
        ) throws {
            try withStage { stage in
                let nodes = Self.answers.map { answer in
                    stage.scriptedServer { $0.name == "PING" ? .bytes(answer.reply) : nil }
                }
                let sentinel = try stage.sentinel(
                    program, watching: nodes[0].port, name: "node0",
                    options: SentinelServer.alone(downAfter: .milliseconds(1_200)))
                for (index, node) in nodes.enumerated().dropFirst() {
                    _ = try sentinel.ask("SENTINEL", "MONITOR", "node\(index)", "127.0.0.1", "\(node.port)", "1")
                    _ = try sentinel.ask("SENTINEL", "SET", "node\(index)", "down-after-milliseconds", "1200")
                }
                let dead = Self.answers.indices.filter { !Self.answers[$0].isAlive }
                try eventually("those that don't live are down", within: .seconds(15)) {
                    try dead.filter { try !sentinel.flags("node\($0)").contains("s_down") }
                } until: {
                    $0.isEmpty
                }
                // They stay reachable: an answer of any kind is one.
                try eventually("each is as its answer says", within: .seconds(15)) {
                    try Self.answers.indices.filter { index in
                        let flags = try sentinel.flags("node\(index)")
                        return flags.contains("disconnected")
                            || flags.contains("s_down") == Self.answers[index].isAlive
                    }
                } until: {
                    $0.isEmpty
                }
            }
        }

        @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
        func `a script that keeps a node busy is killed, once the node is down`(program: SentinelProgram) throws {
            try withStage { stage in
                let node = try stage.dataServer(lines: ["lua-time-limit 100"])
                let sentinel = try stage.sentinel(
                    program, watching: node.port, options: SentinelServer.alone(downAfter: .milliseconds(800)))
                try eventually("it is watched", within: .seconds(10)) { try sentinel.flags() == ["master"] }
                let client = try RedisClient(port: node.port)
                try client.send(command: ["EVAL", "while true do end", "0"])
                try sentinel.awaitEvent("+sdown")
                #expect(try client.readReply(within: .seconds(10)).text?.contains("killed") == true)
                try sentinel.awaitEvent("-sdown")
                // On a machine that is busy with other tests it may count as down once more.
                try eventually("it is watched as before", within: .seconds(20)) { try sentinel.flags() == ["master"] }
            }
        }

        @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
        func `a busy node gets one SCRIPT KILL in a down period`(program: SentinelProgram) throws {
            try withStage { stage in
                let node = stage.scriptedServer { $0.name == "PING" ? .bytes("-BUSY a script\r\n") : nil }
                let sentinel = try stage.sentinel(
                    program, watching: node.port, options: SentinelServer.alone(downAfter: .milliseconds(500)))
                try eventually("it is told", within: .seconds(10)) { node.requests.contains { $0.name == "SCRIPT" } }
                wait(until: .now + .seconds(2))
                #expect(node.requests.filter { $0.name == "SCRIPT" }.map(\.words) == [["SCRIPT", "KILL"]])
                #expect(try sentinel.flags().isSuperset(of: ["s_down", "script_kill_sent"]))
            }
        }

        @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
        func `a master that calls itself a replica is down after down-after and two INFO periods`(
            program: SentinelProgram
        ) throws {
            try withStage { stage in
                let node = stage.scriptedServer()
                let sentinel = try stage.sentinel(
                    program, watching: node.port, options: SentinelServer.alone(downAfter: .milliseconds(1_500)),
                    debug: ["INFO-PERIOD", "400"])
                try eventually("it is known", within: .seconds(10)) {
                    try sentinel.master("mymaster")["role-reported"] == "master"
                }
                try eventually("it is up", within: .seconds(10)) { try sentinel.flags() == ["master"] }
                let mark = sentinel.events().count
                let runID = node.info[0]
                let began = ContinuousClock.now
                node.info = [runID, "role:slave", "master_host:127.0.0.1", "master_port:1", "master_link_status:up"]
                try sentinel.awaitReport(of: "slave")
                try sentinel.awaitEvent("+sdown", after: mark)
                // 1,500 + 2 × 400 ms after the report.
                #expect(.now - began > .milliseconds(2_250))
                node.info = [runID, "role:master"]
                try sentinel.awaitEvent("-sdown")
            }
        }

        @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
        func `a restarted master that only loads is down after master-reboot-down-after-period, if that is set`(
            program: SentinelProgram
        ) throws {
            try withStage { stage in
                let node = stage.scriptedServer()
                let sentinel = try stage.sentinel(
                    program, watching: node.port,
                    options: SentinelServer.alone(
                        downAfter: .seconds(5), masterLines: [("master-reboot-down-after-period", "700")]),
                    debug: ["INFO-PERIOD", "200"])
                try eventually("it is known", within: .seconds(10)) {
                    try sentinel.master("mymaster")["runid"]?.isEmpty == false
                }
                node.follow { $0.name == "PING" ? .bytes("-LOADING wait\r\n") : nil }
                node.info = ["run_id:" + String(repeating: "9", count: 40), "role:master"]
                let reboot = try sentinel.awaitEvent("+reboot")
                #expect(reboot.payload == "master mymaster 127.0.0.1 \(node.port)")
                try sentinel.awaitEvent("+sdown")
                // 7.0 has the state but does not show it.
                if program == .ours { #expect(try sentinel.flags().contains("master_reboot")) }
                node.follow { _ in nil }
                try sentinel.awaitEvent("-sdown")
                #expect(try !sentinel.flags().contains("master_reboot"))

                // Switched off, LOADING is life.
                _ = try sentinel.ask("SENTINEL", "SET", "mymaster", "master-reboot-down-after-period", "0")
                let mark = sentinel.events().count
                node.follow { $0.name == "PING" ? .bytes("-LOADING wait\r\n") : nil }
                node.info = ["run_id:" + String(repeating: "8", count: 40), "role:master"]
                try sentinel.awaitEvent("+reboot", after: mark)
                try throughout("it is up", for: .milliseconds(1_500), { try sentinel.flags() }) {
                    !$0.contains("s_down")
                }
            }
        }

        @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
        func `a sentinel that was held up enters tilt, judges nobody, and leaves it again`(
            program: SentinelProgram
        ) throws {
            try withStage { stage in
                let node = try stage.dataServer()
                let sentinel = try stage.sentinel(
                    program, watching: node.port, options: SentinelServer.alone(downAfter: .milliseconds(500)),
                    debug: ["TILT-TRIGGER", "1000", "TILT-PERIOD", "3000"])
                try eventually("it is watched", within: .seconds(10)) { try sentinel.flags() == ["master"] }
                sentinel.process.stop()
                node.process.kill()
                wait(until: .now + .milliseconds(1_800))
                sentinel.process.cont()
                #expect(try sentinel.awaitEvent("+tilt").payload == "#tilt mode entered")
                #expect(try sentinel.ask("INFO", "sentinel").text?.contains("sentinel_tilt:1") == true)
                let opinion = try sentinel.ask(
                    "SENTINEL", "IS-MASTER-DOWN-BY-ADDR", "127.0.0.1", "\(node.port)", "0", "*")
                #expect(opinion.items.first == .integer(0))
                #expect(try sentinel.awaitEvent("-tilt").payload == "#tilt mode exited")
                try sentinel.awaitEvent("+sdown")
                #expect(firstOutOfOrder(["+tilt", "-tilt", "+sdown"], in: sentinel.eventNames) == nil)
            }
        }
    }
}

extension SentinelServer {
    /// Waits until the master reports `role`.
    fileprivate func awaitReport(of role: String) throws {
        try eventually("the master reports \(role)", within: .seconds(10)) {
            try master("mymaster")["role-reported"] == role
        }
    }
}
