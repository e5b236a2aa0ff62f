// SPDX-License-Identifier: Apache-2.0

import Testing

extension RealServers {
    /// Our client port beside the original's, on the same servers.
    ///
    /// - Source: spec/commands.md 2 to 7.
    @Suite struct ClientPort {
        @Test(.timeLimit(.minutes(3)))
        func `every command answers as the original's does`() throws {
            try withCluster(sentinels: [.ours, .original, .ours]) { cluster in
                let master = cluster.group.servers[0].port
                let unused = LoopbackPort.free()
                for exchange in exchanges(master: master, unused: unused) {
                    let answers = try cluster.sentinels.prefix(2).map { sentinel in
                        let client = try RedisClient(port: sentinel.port)
                        return try exchange.commands.flatMap { command in
                            try client.send(command: command.words)
                            return try (0..<command.replies).map { _ in try client.readReply() }
                        }
                    }
                    let seen = answers.map { $0.map(exchange.view.of) }
                    #expect(seen[0] == seen[1], "\(exchange.commands.map(\.words)): ours is first, the original second")
                }
            }
        }

        @Test(.timeLimit(.minutes(3)))
        func `FAILOVER, RESET and SHUTDOWN do what the original's do`() throws {
            try withCluster(sentinels: [.ours, .original, .ours]) { cluster in
                let name = cluster.masterName
                var master = cluster.group.servers[0]
                for sentinel in cluster.sentinels.prefix(2) {
                    // In one write: the second is read before the first failover can be over.
                    let replies = try RedisClient(port: sentinel.port).pipeline([
                        ["SENTINEL", "FAILOVER", name], ["SENTINEL", "FAILOVER", name],
                    ])
                    #expect(
                        replies == [.simple("OK"), .error("INPROG Failover already in progress")], "\(sentinel.name)")
                    master = try cluster.agreedMaster(otherThan: master, within: .seconds(30))
                    try cluster.settle(master: master)

                    #expect(try sentinel.ask("SENTINEL", "RESET", "my*") == .integer(1), "\(sentinel.name)")
                    try cluster.settle(master: master)
                }
                for sentinel in cluster.sentinels.prefix(2) {
                    let client = try RedisClient(port: sentinel.port)
                    try client.send(command: ["SHUTDOWN", "NOSAVE"])
                    #expect(client.isClosedByPeer(within: .seconds(5)), "\(sentinel.name)")
                    #expect(try sentinel.process.waitForExit(within: .seconds(5)) == 0, "\(sentinel.name)")
                }
            }
        }

        @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
        func `FLUSHCONFIG writes a lost file again`(program: SentinelProgram) throws {
            try withCluster(replicas: 1, sentinels: [program], quorum: 1) { cluster in
                let sentinel = cluster.sentinels[0]
                try cluster.awaitRemembered(master: cluster.group.servers[0])
                let before = Set(sentinel.rememberedLines)
                try sentinel.removeConfiguration()
                #expect(try sentinel.ask("SENTINEL", "FLUSHCONFIG") == .simple("OK"))
                #expect(Set(sentinel.rememberedLines) == before)
                try sentinel.restart()
                #expect(try sentinel.replicas(cluster.masterName).count == 1)
            }
        }
    }
}

/// Commands sent on one new connection, and what of their replies must be the same.
private struct Exchange {
    struct Command {
        let words: [String]
        /// How many replies it has; only the subscribing commands have not exactly one.
        var replies = 1
    }

    let commands: [Command]
    let view: View

    init(_ line: String, _ view: View = .whole) {
        self.init([Command(words: line.split(separator: " ").map(String.init))], view)
    }

    init(_ commands: [Command], _ view: View = .whole) {
        self.commands = commands
        self.view = view
    }
}

/// What is compared of a reply.
private enum View {
    /// Everything.
    case whole
    /// Types, and keys with their order; of the values only those that do not change with time or place.
    case maps
    /// Types, and keys with their order; the entries are not the same ones.
    case keys
    /// Types, and the length of texts.
    case kinds
    /// The keys of the sections of INFO that clients rely on.
    case info

    func of(_ reply: Reply) -> Reply {
        switch self {
        case .whole: reply
        case .maps: Self.map(reply) { Self.volatile.contains($0) ? "<any>" : $1 }
        case .keys: Self.map(reply) { _, _ in "<any>" }
        case .kinds: Self.kind(reply)
        case .info: .array(Self.reliedOn(in: reply.text ?? "").map(Reply.simple))
        }
    }

    /// Values that depend on the moment or on who is asked.
    private static let volatile: Set = [
        "link-pending-commands", "last-ping-sent", "last-ok-ping-reply", "last-ping-reply", "info-refresh",
        "role-reported-time", "last-hello-message", "slave-repl-offset", "voted-leader", "voted-leader-epoch",
    ]

    /// Replaces the values of a map, or of each map in an array; entries are ordered by name.
    private static func map(_ reply: Reply, _ value: (String, String) -> String) -> Reply {
        guard case .array(let items) = reply else { return reply }
        guard items.first?.text == "name" else {
            let names = items.map { $0.fields["name"] ?? "" }
            let ordered = zip(names, items).sorted { $0.0 < $1.0 }.map(\.1)
            return .array(ordered.map { map($0, value) })
        }
        return .array(
            zip(items.indices, items).map { index, item in
                guard index % 2 == 1, case .bulk(let text) = item else { return item }
                return .bulk(value(items[index - 1].text ?? "", text))
            })
    }

    private static func kind(_ reply: Reply) -> Reply {
        switch reply {
        case .bulk(let text): .bulk(String(repeating: ".", count: text.count))
        case .integer: .integer(0)
        case .array(let items): .array(items.map(kind))
        case .simple, .error, .null, .nullArray: reply
        }
    }

    private static func reliedOn(in text: String) -> [String] {
        let keys: Set = [
            "redis_version", "redis_mode", "run_id", "tcp_port", "config_file", "uptime_in_seconds",
            "connected_clients",
        ]
        return text.components("\r\n").compactMap { line in
            // Sections of our own may follow these five.
            if ["# Server", "# Clients", "# Stats", "# CPU", "# Sentinel"].contains(line) { return line }
            if line.hasPrefix("sentinel_") || line.hasPrefix("master0:") { return line }
            let key = String(line.prefix { $0 != ":" })
            return keys.contains(key) ? key : nil
        }
    }
}

extension String {
    fileprivate func components(_ separator: String) -> [String] { split(separator: separator).map(String.init) }
}

/// The table. `second` is a master nobody runs, so that every sentinel is alone in watching it.
private func exchanges(master: UInt16, unused: UInt16) -> [Exchange] {
    connection + information(master: master) + changes(unused: unused) + failures + subscriptions
}

private let connection: [Exchange] = [
    Exchange("PING"), Exchange("ping hello"), Exchange("PING a b"),
    Exchange("AUTH secret"), Exchange("AUTH default anything"), Exchange("AUTH nobody secret"),
    Exchange("AUTH a b c"), Exchange("AUTH"),
    Exchange("CLIENT SETNAME me"),
    Exchange([.init(words: ["CLIENT", "SETNAME", "two words"])]),
    Exchange([.init(words: ["CLIENT", "SETNAME", "line\n"])]),
    Exchange([.init(words: ["CLIENT", "SETNAME", ""])]),
    Exchange("CLIENT SETNAME"), Exchange("CLIENT"), Exchange("CLIENT NOSUCH"),
    Exchange("SHUTDOWN ABORT"), Exchange("SHUTDOWN SOON"), Exchange("SHUTDOWN SAVE NOSAVE"),
]

private func information(master: UInt16) -> [Exchange] {
    let stranger = String(repeating: "f", count: 40)
    return [
        Exchange("INFO", .info), Exchange("INFO sentinel"), Exchange("INFO SENTINEL nosuch"), Exchange("INFO nosuch"),
        Exchange("SENTINEL MASTERS", .maps), Exchange("sentinel masters", .maps), Exchange("SENTINEL MASTERS x"),
        Exchange("SENTINEL MASTER mymaster", .maps), Exchange("SENTINEL MASTER nosuch"), Exchange("SENTINEL MASTER"),
        Exchange("SENTINEL MASTER MYMASTER"),
        Exchange("SENTINEL REPLICAS mymaster", .maps), Exchange("SENTINEL REPLICAS nosuch"),
        Exchange("SENTINEL SLAVES mymaster", .maps), Exchange("SENTINEL SLAVES nosuch"),
        Exchange("SENTINEL SENTINELS mymaster", .keys), Exchange("SENTINEL SENTINELS nosuch"),
        Exchange("SENTINEL GET-MASTER-ADDR-BY-NAME mymaster"), Exchange("SENTINEL GET-MASTER-ADDR-BY-NAME nosuch"),
        Exchange("SENTINEL GET-MASTER-ADDR-BY-NAME"),
        Exchange("SENTINEL IS-MASTER-DOWN-BY-ADDR 127.0.0.1 \(master) 0 *"),
        Exchange("SENTINEL IS-MASTER-DOWN-BY-ADDR 127.0.0.1 1 0 *"),
        Exchange("SENTINEL IS-MASTER-DOWN-BY-ADDR 127.0.0.1 1 99 \(stranger)"),
        Exchange("SENTINEL IS-MASTER-DOWN-BY-ADDR 127.0.0.1 x 0 *"),
        Exchange("SENTINEL IS-MASTER-DOWN-BY-ADDR 127.0.0.1 \(master) x *"),
        Exchange("SENTINEL IS-MASTER-DOWN-BY-ADDR 127.0.0.1 01 0 *"),
        Exchange("SENTINEL IS-MASTER-DOWN-BY-ADDR 127.0.0.1"),
        Exchange("SENTINEL MYID", .kinds), Exchange("SENTINEL MYID x"),
        Exchange("SENTINEL CKQUORUM mymaster"), Exchange("SENTINEL CKQUORUM nosuch"), Exchange("SENTINEL CKQUORUM"),
    ]
}

private func changes(unused: UInt16) -> [Exchange] {
    [
        Exchange("SENTINEL FAILOVER nosuch"), Exchange("SENTINEL FAILOVER"),
        Exchange("SENTINEL RESET nosuch*"), Exchange("SENTINEL RESET"),
        Exchange("SENTINEL MONITOR second 127.0.0.1 \(unused) x"),
        Exchange("SENTINEL MONITOR second 127.0.0.1 x 2"),
        Exchange("SENTINEL MONITOR second 127.0.0.1 \(unused) 0"),
        Exchange("SENTINEL MONITOR second not.an.address \(unused) 2"),
        Exchange("SENTINEL MONITOR second 127.0.0.1 70000 2"),
        Exchange("SENTINEL MONITOR mymaster 127.0.0.1 \(unused) 2"),
        Exchange("SENTINEL MONITOR second 127.0.0.1"),
        Exchange("SENTINEL MONITOR second 127.0.0.1 \(unused) 5"),
        Exchange("SENTINEL GET-MASTER-ADDR-BY-NAME second"),
        Exchange("SENTINEL REPLICAS second"), Exchange("SENTINEL SENTINELS second"),
        Exchange("SENTINEL CKQUORUM second"), Exchange("SENTINEL FAILOVER second"),
        Exchange("SENTINEL SET second quorum 1"), Exchange("SENTINEL CKQUORUM second"),
        Exchange("SENTINEL SET second down-after-milliseconds 60000 FAILOVER-TIMEOUT 7000 parallel-syncs 3"),
        Exchange("SENTINEL SET second down-after-milliseconds 0"), Exchange("SENTINEL SET second quorum many"),
        Exchange("SENTINEL SET second auth-pass secret auth-user me"),
        Exchange("SENTINEL SET second nosuch 1"), Exchange("SENTINEL SET second quorum"),
        Exchange("SENTINEL SET second quorum 2 parallel-syncs"), Exchange("SENTINEL SET nosuch quorum 2"),
        Exchange("SENTINEL SET second notification-script /bin/true"),
        Exchange("SENTINEL SET second"),
        Exchange("SENTINEL MASTER second", .keys),
        Exchange("SENTINEL RESET second"),
        Exchange("SENTINEL FLUSHCONFIG"), Exchange("SENTINEL FLUSHCONFIG x"),
        Exchange("SENTINEL REMOVE second"), Exchange("SENTINEL REMOVE second"), Exchange("SENTINEL REMOVE"),
        Exchange("SENTINEL MASTERS", .maps),
    ]
}

private let failures: [Exchange] = [
    Exchange("NOSUCH"), Exchange("NOSUCH a b"), Exchange("GET key"), Exchange("SENTINEL"), Exchange("SENTINEL NOSUCH"),
    Exchange([.init(words: ["NOSUCH", "line\r\nend", String(repeating: "x", count: 300), "lost"])]),
    Exchange([.init(words: [String(repeating: "y", count: 300)])]),
    Exchange("PUBLISH news x"), Exchange("PUBLISH __sentinel__:hello garbage"), Exchange("PUBLISH x"),
]

private let subscriptions: [Exchange] = [
    Exchange("SUBSCRIBE"), Exchange("PSUBSCRIBE"), Exchange("UNSUBSCRIBE"), Exchange("PUNSUBSCRIBE"),
    Exchange("UNSUBSCRIBE x"),
    Exchange([
        .init(words: ["SUBSCRIBE", "one", "two", "one"], replies: 3),
        .init(words: ["PSUBSCRIBE", "t*"]),
        .init(words: ["PING"]), .init(words: ["PING", "text"]),
        .init(words: ["SENTINEL", "MASTERS"]), .init(words: ["INFO"]),
        .init(words: ["UNSUBSCRIBE", "one"]), .init(words: ["UNSUBSCRIBE", "never"]),
        .init(words: ["PUNSUBSCRIBE"]), .init(words: ["UNSUBSCRIBE"]),
        .init(words: ["PING"]),
    ]),
]
