// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension Rules {
    /// One connection for commands and hellos where a data node speaks RESP3, two everywhere else.
    ///
    /// - Source: spec/monitoring.md 3, 3.3, 8; that they share is ours (Docs/differences.md).
    @Suite(.serialized) struct `Shared connections` {
        /// Connections that our sentinels hold to a node: what each is called, without the run ID, and what it does.
        private func links(to node: DataServer) throws -> [String] {
            let text = try node.ask("CLIENT", "LIST").text ?? ""
            return text.split(separator: "\n").compactMap { line -> String? in
                var fields: [Substring: Substring] = [:]
                for field in line.split(separator: " ") {
                    guard let mark = field.firstIndex(of: "=") else { continue }
                    fields[field[..<mark]] = field[field.index(after: mark)...]
                }
                guard let name = fields["name"], name.hasPrefix("sentinel-") else { return nil }
                let kind = name.split(separator: "-").last ?? ""
                return "\(kind) sub=\(fields["sub"] ?? "") resp=\(fields["resp"] ?? "")"
            }.sorted()
        }

        private static let shared = ["cmd sub=1 resp=3"]
        private static let separate = ["cmd sub=0 resp=2", "pubsub sub=1 resp=2"]

        private func awaitLinks(_ wanted: [String], to node: DataServer) throws {
            try eventually("the connections are \(wanted)", within: .seconds(20)) {
                try links(to: node)
            } until: {
                $0 == wanted
            }
        }

        private func write(_ lines: [String], to server: DataServer) throws {
            try (server.configurationText + lines.joined(separator: "\n") + "\n")
                .write(toFile: server.configurationPath, atomically: true, encoding: .utf8)
        }

        /// Two sentinels that found each other by hellos alone: neither has more to go by.
        private func awaitPeer(of sentinel: SentinelServer) throws {
            try eventually("\(sentinel.name) has found the other", within: .seconds(20)) {
                try sentinel.peers("mymaster").map { $0["flags"] ?? "" }
            } until: {
                $0 == ["sentinel"]
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func `one connection to each node brings discovery, a promotion and the return of the old master`() throws {
            try withStage { stage in
                let (group, sentinel) = try stage.watchedGroup(.ours, replicas: 1)
                let other = try stage.sentinel(
                    .ours, watching: group.servers[0].port, options: SentinelServer.alone(),
                    debug: ["INFO-PERIOD", "700"])
                try awaitPeer(of: sentinel)
                try awaitPeer(of: other)
                for node in group.servers { try awaitLinks(Self.shared + Self.shared, to: node) }
                #expect(try sentinel.flags() == ["master"])
                // The promotion ends all normal and subscribed clients but the one that orders it.
                #expect(try sentinel.ask("SENTINEL", "FAILOVER", "mymaster") == .simple("OK"))
                try sentinel.awaitEvent("+switch-master")
                try other.awaitEvent("+switch-master")
                for sentinel in [sentinel, other] {
                    #expect(try sentinel.masterPort("mymaster") == group.servers[1].port)
                    try eventually("all is well again", within: .seconds(20)) {
                        try sentinel.missing(group, replicas: 1, peers: 1, master: group.servers[1].port)
                    } until: {
                        $0.isEmpty
                    }
                }
                for node in group.servers { try awaitLinks(Self.shared + Self.shared, to: node) }
            }
        }

        @Test(
            .timeLimit(.minutes(1)),
            arguments: [
                ("rename-command HELLO \"\"", [], Self.separate),
                ("", ["sentinel separate-pubsub-links yes"], Self.separate),
            ] as [(String, [String], [String])])
        func `two connections to a node without HELLO, or where the configuration wants two`(
            nodeLine: String, sentinelLines: [String], wanted: [String]
        ) throws {
            try withStage { stage in
                let node = try stage.dataServer(lines: [nodeLine])
                let options = SentinelServer.alone(lines: sentinelLines)
                let sentinels = try (0..<2).map { _ in
                    try stage.sentinel(.ours, watching: node.port, options: options, debug: ["PUBLISH-PERIOD", "300"])
                }
                for sentinel in sentinels { try awaitPeer(of: sentinel) }
                try awaitLinks((wanted + wanted).sorted(), to: node)
                for sentinel in sentinels { #expect(try sentinel.flags() == ["master"]) }
                // The directive outlives a rewrite of the file.
                let isKept = sentinelLines.allSatisfy { line in
                    sentinels.allSatisfy { $0.rememberedLines.contains(line.split(separator: " ").map(String.init)) }
                }
                #expect(isKept)
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func `a node that may not be subscribed to keeps its command connection`() throws {
            try withStage { stage in
                let rights = "user watcher on >pw resetchannels -@all +ping +info +client|setname"
                let node = try stage.dataServer(lines: [rights])
                let sentinel = try stage.sentinel(
                    .ours, watching: node.port,
                    options: SentinelServer.alone(masterLines: [("auth-user", "watcher"), ("auth-pass", "pw")]),
                    debug: ["MIN-LINK-RECONNECT-PERIOD", "1000", "PUBLISH-PERIOD", "200"])
                try awaitLinks(["cmd sub=0 resp=3", "pubsub sub=0 resp=2"], to: node)
                let id = try sentinel.master("mymaster")["runid"]
                try throughout("the node stays up", for: .seconds(3), { try sentinel.flags() }) {
                    !$0.contains("s_down")
                }
                #expect(id?.isEmpty == false)
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func `a password that comes later is followed by an agreement`() throws {
            try withStage { stage in
                let node = try stage.dataServer(password: "pw")
                let sentinel = try stage.sentinel(.ours, watching: node.port, options: SentinelServer.alone())
                try sentinel.awaitEvent("+sdown")
                #expect(try sentinel.ask("SENTINEL", "SET", "mymaster", "auth-pass", "pw") == .simple("OK"))
                try sentinel.awaitEvent("-sdown")
                try awaitLinks(Self.shared, to: node)
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func `a node that changes what it speaks is followed at its next start`() throws {
            try withStage { stage in
                let node = try stage.dataServer()
                let sentinel = try stage.sentinel(.ours, watching: node.port, options: SentinelServer.alone())
                let text = node.configurationText
                for (lines, wanted) in [
                    ([], Self.shared), (["rename-command HELLO \"\""], Self.separate), ([], Self.shared),
                ] {
                    node.process.kill()
                    try text.write(toFile: node.configurationPath, atomically: true, encoding: .utf8)
                    try write(lines, to: node)
                    try node.restart()
                    try awaitLinks(wanted, to: node)
                    try eventually("the node is well", within: .seconds(10)) { try sentinel.flags() == ["master"] }
                }
            }
        }

        // MARK: Servers that are no Redis, and what may stand before one

        private static let greeting = "%2\r\n$6\r\nserver\r\n$5\r\nredis\r\n$5\r\nproto\r\n:3\r\n"
        private static let confirmation = ">3\r\n$9\r\nsubscribe\r\n$18\r\n__sentinel__:hello\r\n:1\r\n"

        private static func push(_ port: UInt16) -> String {
            let id = String(repeating: "b", count: 40)
            return ">3\r\n" + ScriptedServer.bulk("message") + ScriptedServer.bulk("__sentinel__:hello")
                + ScriptedServer.bulk("127.0.0.1,1001,\(id),0,mymaster,127.0.0.1,\(port),0")
        }

        @Test(.timeLimit(.minutes(1)))
        func `pushes come between any two replies, and inside of none`() throws {
            try withStage { stage in
                let node = stage.scriptedServer()
                let push = Self.push(node.port)
                node.follow { request in
                    switch request.name {
                    case "HELLO": .bytes(Self.greeting)
                    // Odd ones as well: of another kind, about another channel, empty, behind an attribute.
                    case "SUBSCRIBE":
                        .bytes(
                            Self.confirmation + ">0\r\n>2\r\n$10\r\ninvalidate\r\n*0\r\n"
                                + ">3\r\n+message\r\n+x\r\n+y\r\n")
                    case "PING": .bytes(push + "+PONG\r\n" + push)
                    case "PUBLISH": .bytes(push + "|1\r\n+ttl\r\n:1\r\n:1\r\n")
                    case "INFO": .bytes("=17\r\ntxt:role:master\r\n\r\n" + push)
                    default: nil
                    }
                }
                let sentinel = try stage.sentinel(
                    .ours, watching: node.port, options: SentinelServer.alone(),
                    debug: ["INFO-PERIOD", "200", "PUBLISH-PERIOD", "200"])
                try sentinel.awaitEvent("+sentinel")
                try eventually("INFO is understood", within: .seconds(10)) {
                    try sentinel.master("mymaster")["role-reported"] == "master"
                }
                #expect(node.connections == 1)
                #expect(try sentinel.internals("ignored_replies_malformed") == 0)
                #expect(try sentinel.flags() == ["master"])
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func `what loses pushes, or ends a connection that says HELLO, costs the sharing and nothing else`() throws {
            try withStage { stage in
                let dropsPushes: ScriptedServer.Script = { request in
                    switch request.name {
                    case "HELLO": .bytes(Self.greeting)
                    case "SUBSCRIBE" where request.connection == 0: .nothing
                    default: nil
                    }
                }
                let endsTheConnection: ScriptedServer.Script = { $0.name == "HELLO" ? .close : nil }
                let confirmsAsBefore: ScriptedServer.Script = { $0.name == "HELLO" ? .bytes(Self.greeting) : nil }
                let scripts = [dropsPushes, endsTheConnection, confirmsAsBefore]
                for script in scripts {
                    let node = stage.scriptedServer(script)
                    let sentinel = try stage.sentinel(
                        .ours, watching: node.port, options: SentinelServer.alone(downAfter: .seconds(3)))
                    try eventually("there are two connections at last", within: .seconds(10)) {
                        node.requests.contains { $0.name == "CLIENT" && $0.words.last?.hasSuffix("-pubsub") == true }
                    }
                    try eventually("the node is well", within: .seconds(10)) { try sentinel.flags() == ["master"] }
                    let connections = node.connections
                    try throughout("it stays so", for: .seconds(3), { try sentinel.flags() }) { $0 == ["master"] }
                    #expect(node.connections == connections)
                    #expect(!sentinel.eventNames.contains("+sdown"))
                }
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func `a subscription that goes silent is joined by a second, which goes when the first speaks again`() throws {
            try withStage { stage in
                let node = stage.scriptedServer()
                let push = Self.push(node.port)
                let script: (Bool) -> ScriptedServer.Script = { isSilent in
                    { request in
                        switch request.name {
                        case "HELLO": .bytes(Self.greeting)
                        case "SUBSCRIBE" where request.connection == 0: .bytes(Self.confirmation)
                        case "PUBLISH": .bytes((isSilent ? "" : push) + ":1\r\n")
                        default: nil
                        }
                    }
                }
                node.follow(script(true))
                let sentinel = try stage.sentinel(
                    .ours, watching: node.port, options: SentinelServer.alone(downAfter: .seconds(10)),
                    debug: ["MIN-LINK-RECONNECT-PERIOD", "1000", "PUBLISH-PERIOD", "200"])
                try eventually("there is a second", within: .seconds(15)) {
                    node.requests.contains { $0.name == "SUBSCRIBE" && $0.connection > 0 }
                }
                node.follow(script(false))
                try sentinel.awaitEvent("+sentinel")
                // No more are made from here on, as would be if the second stood and were silent.
                let connections = node.connections
                wait(until: .now + .seconds(2))
                #expect(node.connections - connections <= 1)
                #expect(try sentinel.flags() == ["master"])
            }
        }
    }
}
