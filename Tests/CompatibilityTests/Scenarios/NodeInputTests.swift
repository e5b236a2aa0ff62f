// SPDX-License-Identifier: Apache-2.0

import Testing

extension Rules {
    /// What a node says that is not what it should: each ends in the rule's outcome, or is ignored and counted.
    ///
    /// - Source: spec/monitoring.md 3 (links), 3.2 (PING), 6 (hellos), 7 (INFO).
    @Suite(.serialized) struct `Bad input of nodes` {
        private func watched(
            _ stage: Stage, _ node: ScriptedServer, downAfter: Duration = .milliseconds(1_500), lines: [String] = []
        ) throws -> SentinelServer {
            try stage.sentinel(
                .ours, watching: node.port, options: SentinelServer.alone(downAfter: downAfter, lines: lines),
                debug: ["INFO-PERIOD", "200", "PUBLISH-PERIOD", "200"])
        }

        @Test(.timeLimit(.minutes(1)))
        func `a reply that nobody asked for ends the connection, is counted, and the next one works`() throws {
            try withStage { stage in
                let node = stage.scriptedServer { request in
                    request.name == "PING" && request.connection < 3
                        ? .bytes("+PONG\r\n+PONG\r\n:3\r\n$1\r\nx\r\n") : nil
                }
                let sentinel = try watched(stage, node)
                try eventually("it is counted", within: .seconds(10)) {
                    try sentinel.internals("ignored_replies_malformed")
                } until: {
                    $0 > 0
                }
                try eventually("the node is well", within: .seconds(10)) { try sentinel.flags() == ["master"] }
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func `bytes of no protocol end the connection, and the node is down while they come`() throws {
            try withStage { stage in
                let node = stage.scriptedServer { _ in .bytes("HTTP/1.1 400 Bad Request\r\n\r\n") }
                let sentinel = try watched(stage, node)
                try sentinel.awaitEvent("+sdown")
                // Made again, but not more often than once and a half in a ping period for each of two connections.
                let (before, began) = (node.connections, ContinuousClock.now)
                wait(until: began + .seconds(2))
                let made = node.connections - before
                #expect(made >= 1 && Double(made) <= 5 * ((.now - began) / .seconds(1)))
                node.follow { _ in nil }
                try sentinel.awaitEvent("-sdown")
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func `replies of the wrong type are counted, and the next one is heard`() throws {
            try withStage { stage in
                let node = stage.scriptedServer { request in
                    switch request.name {
                    case "INFO": .bytes(":42\r\n")
                    case "PUBLISH": .bytes("*2\r\n$-1\r\n:1\r\n")
                    case "CLIENT": .bytes("*1\r\n*1\r\n*0\r\n")
                    default: nil
                    }
                }
                let sentinel = try watched(stage, node)
                try eventually("they are counted", within: .seconds(10)) {
                    try sentinel.internals("ignored_replies_malformed")
                } until: {
                    $0 >= 2
                }
                #expect(try sentinel.flags() == ["master"])
                node.follow { _ in nil }
                try eventually("INFO is understood", within: .seconds(10)) {
                    try sentinel.master("mymaster")["runid"]?.isEmpty == false
                }
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func `a subscription that closes at once is made again with pauses, and the node stays up`() throws {
            try withStage { stage in
                let node = stage.scriptedServer { $0.name == "SUBSCRIBE" ? .close : nil }
                let sentinel = try watched(stage, node)
                try eventually("it is tried again", within: .seconds(15)) {
                    node.requests.count { $0.name == "SUBSCRIBE" } >= 4
                }
                let (tries, began) = (node.requests.count { $0.name == "SUBSCRIBE" }, ContinuousClock.now)
                wait(until: began + .seconds(2))
                let more = node.requests.count { $0.name == "SUBSCRIBE" } - tries
                #expect(Double(more) <= 3 * ((.now - began) / .seconds(1)))
                try eventually("it shows", within: .seconds(5)) { try sentinel.flags().contains("disconnected") }
                #expect(try sentinel.master("mymaster")["runid"]?.isEmpty == false)
                #expect(!sentinel.eventNames.contains("+sdown"))
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func `INFO with missing, double and huge lines says what its good lines say`() throws {
            try withStage { stage in
                let node = stage.scriptedServer()
                let id = String(repeating: "7", count: 40)
                node.info = [
                    "run_id:short", "run_id:\(id)", "role:slave", "role:master", ":", "::", "nonsense", "",
                    "slave0:ip=127.0.0.1,port=1,state=online", "slave0:ip=127.0.0.1,port=1,state=online",
                    "slave1:ip=127.0.0.1,port=99999,state=online", "slave2:port=7", "slave3:",
                    "slave4:127.0.0.1,2,online",
                    "slave5:ip=not-an-address,port=5,state=online", "slavex:ip=127.0.0.1,port=6",
                    "master_link_down_since_seconds:99999999999999999999", "slave_priority:many",
                    String(repeating: "x", count: 300_000), "redis_version:" + String(repeating: "9", count: 300_000),
                ]
                let sentinel = try watched(stage, node)
                try eventually("it is understood", within: .seconds(10)) {
                    try sentinel.master("mymaster")["runid"] == id
                }
                #expect(try sentinel.flags() == ["master"])
                #expect(Set(try sentinel.replicas("mymaster").map { $0["port"] }) == ["1", "2"])
                // An INFO of nothing changes nothing but the role, for one that says none is no master.
                node.info = []
                try eventually("the role is no master's", within: .seconds(10)) {
                    try sentinel.master("mymaster")["role-reported"] == "slave"
                }
                #expect(try sentinel.master("mymaster")["runid"] == id)
                #expect(try sentinel.master("mymaster")["num-slaves"] == "2")
            }
        }

        /// Replies longer than any that is believed: announced so, or in parts that are short enough.
        enum EndlessReply: CaseIterable {
            case absurd, announced, inParts

            var bytes: String {
                switch self {
                case .absurd: "$99999999999\r\nrole:master\r\n"
                case .announced: "$\((8 << 20) + 1)\r\nrole:master\r\n"
                case .inParts:
                    "*100\r\n"
                        + String(repeating: ScriptedServer.bulk(String(repeating: "x", count: 1 << 20)), count: 9)
                }
            }

            var reason: String {
                switch self {
                case .absurd, .announced: "protocol error"
                case .inParts: "a reply of more than 8388608 bytes"
                }
            }
        }

        @Test(.timeLimit(.minutes(1)), arguments: EndlessReply.allCases)
        func `an INFO beyond belief ends the connection instead of filling memory`(_ reply: EndlessReply) throws {
            try withStage { stage in
                let node = stage.scriptedServer()
                // Nothing else ends a link so soon.
                let sentinel = try watched(stage, node, downAfter: .seconds(30), lines: ["loglevel debug"])
                let bytes = reply.bytes
                node.follow { $0.name == "INFO" ? .bytes(bytes) : nil }
                #expect(try sentinel.awaitEvent("-cmd-link-reconnection").payload.contains("#\(reply.reason)"))
                node.follow { _ in nil }
                try eventually("the next link works", within: .seconds(20)) { try sentinel.flags() == ["master"] }
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func `messages that are no hellos are counted, hellos on the channel are heard`() throws {
            try withStage { stage in
                let id = String(repeating: "b", count: 40)
                let texts = [
                    "", "hello", "1,2,3,4,5,6,7", "127.0.0.1,1001,\(id),0,mymaster,127.0.0.1,PORT,0,9",
                    "127.0.0.1,1001,\(id),0,mymaster,127.0.0.1,PORT,0",
                ]
                let node = stage.scriptedServer()
                let port = "\(node.port)"
                node.follow { request in
                    guard request.name == "SUBSCRIBE" else { return nil }
                    let messages = texts.map {
                        ScriptedServer.message(
                            $0.split(separator: "PORT", omittingEmptySubsequences: false).joined(separator: port))
                    }
                    return .bytes(
                        "*3\r\n$9\r\nsubscribe\r\n$18\r\n__sentinel__:hello\r\n:1\r\n" + "-ERR odd\r\n:1\r\n*0\r\n"
                            + messages.joined() + "*2\r\n$7\r\nmessage\r\n$1\r\nx\r\n")
                }
                let sentinel = try watched(stage, node)
                try sentinel.awaitEvent("+sentinel")
                #expect(try sentinel.internals("ignored_hellos_malformed") == 4)
                #expect(try sentinel.flags() == ["master"])
            }
        }
    }
}
