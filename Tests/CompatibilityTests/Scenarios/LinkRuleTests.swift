// SPDX-License-Identifier: Apache-2.0

import Testing

extension Rules {
    /// - Source: spec/monitoring.md 3 (links), 3.1 (periods), 3.3 (recycling), 11 (rights).
    @Suite(.serialized) struct Links {
        @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
        func `both connections begin with AUTH and CLIENT SETNAME, under the names a node gave its commands`(
            program: SentinelProgram
        ) throws {
            try withStage { stage in
                let node = stage.scriptedServer()
                let sentinel = try stage.sentinel(
                    program, watching: node.port,
                    options: SentinelServer.alone(masterLines: [
                        ("auth-user", "watcher"), ("auth-pass", "hunter2"), ("rename-command", "PING HELLO-THERE"),
                        ("rename-command", "CLIENT CUSTOMER"),
                    ]))
                let name = "sentinel-\(try sentinel.myID().prefix(8))"
                let openings = [
                    [["AUTH", "watcher", "hunter2"], ["CUSTOMER", "SETNAME", "\(name)-cmd"], ["HELLO-THERE"]],
                    [
                        ["AUTH", "watcher", "hunter2"], ["CUSTOMER", "SETNAME", "\(name)-pubsub"],
                        ["SUBSCRIBE", "__sentinel__:hello"],
                    ],
                ]
                try eventually("both connections are open", within: .seconds(10)) {
                    (0..<node.connections).map { Array(node.commands(of: $0).prefix(3)) }
                } until: { seen in
                    openings.allSatisfy(seen.contains)
                }
            }
        }

        @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
        func `links start from bind-source-addr`(program: SentinelProgram) throws {
            try withStage { stage in
                let master = try stage.dataServer(lines: ["protected-mode no"])
                _ = try stage.sentinel(
                    program, watching: master.port,
                    options: SentinelServer.alone(lines: ["bind-source-addr 127.0.0.5"]))
                try eventually("its links are there", within: .seconds(10)) {
                    let clients = (try master.ask("CLIENT", "LIST").text ?? "").split(separator: "\n")
                    return clients.filter { $0.contains(" name=sentinel-") }.map { $0.contains(" addr=127.0.0.5:") }
                } until: {
                    $0.contains(true) && !$0.contains(false)
                }
            }
        }

        /// With the original no link comes about then, and the master is down.
        @Test(.timeLimit(.minutes(1)))
        func `a bind-source-addr without an address is told of, and links start all the same`() throws {
            try withStage { stage in
                let master = try stage.dataServer()
                let sentinel = try stage.sentinel(
                    .ours, watching: master.port,
                    options: SentinelServer.alone(lines: ["bind-source-addr no.such.name.invalid"]))
                try eventually("it has a link", within: .seconds(10)) {
                    try master.ask("CLIENT", "LIST").text?.contains(" name=sentinel-") == true
                }
                #expect(sentinel.logTexts().contains { $0.contains("'no.such.name.invalid' has no address (") })
            }
        }

        @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
        func `a new password is used at once, and the node is up again`(program: SentinelProgram) throws {
            try withStage { stage in
                let node = try stage.dataServer(lines: ["requirepass old"])
                let sentinel = try stage.sentinel(
                    program, watching: node.port,
                    options: SentinelServer.alone(downAfter: .milliseconds(600), masterLines: [("auth-pass", "wrong")]))
                try sentinel.awaitEvent("+sdown")
                // Source: spec/defects.md 37.
                let told = "refuses the password (sentinel auth-user, auth-pass)"
                #expect(sentinel.logTexts().contains { $0.contains(told) } == (program == .ours))
                #expect(try sentinel.ask("SENTINEL", "SET", "mymaster", "auth-pass", "old") == .simple("OK"))
                try sentinel.awaitEvent("-sdown")
                let set = try sentinel.awaitEvent("+set")
                #expect(set.payload == "master mymaster 127.0.0.1 \(node.port) auth-pass ******")
            }
        }

        /// The original asks on its next connection, and there is none as long as this one is answered.
        @Test(.timeLimit(.minutes(1)))
        func `a node that has come to take the password is up again`() throws {
            try withStage { stage in
                let node = try stage.dataServer(lines: ["requirepass old"])
                let sentinel = try stage.sentinel(
                    .ours, watching: node.port,
                    options: SentinelServer.alone(downAfter: .milliseconds(600), masterLines: [("auth-pass", "new")]))
                try sentinel.awaitEvent("+sdown")
                let replies = try RedisClient(port: node.port).pipeline([
                    ["AUTH", "old"], ["CONFIG", "SET", "requirepass", "new"],
                ])
                #expect(replies == [.simple("OK"), .simple("OK")])
                try sentinel.awaitEvent("-sdown")
            }
        }

        @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
        func `the rights that the documentation lists are enough for a failover`(program: SentinelProgram) throws {
            try withStage { stage in
                let rights =
                    "user watcher on >pw resetchannels &__sentinel__:hello -@all +multi +exec +slaveof +ping +info"
                    + " +subscribe +publish +config|rewrite +client|setname +client|kill +script|kill"
                let group = try stage.group(replicas: 1, lines: [rights])
                let sentinel = try stage.sentinel(
                    program, watching: group.servers[0].port,
                    options: SentinelServer.alone(masterLines: [("auth-user", "watcher"), ("auth-pass", "pw")]),
                    debug: ["INFO-PERIOD", "700"])
                try sentinel.awaitReplicas(1)
                #expect(try sentinel.ask("SENTINEL", "FAILOVER", "mymaster") == .simple("OK"))
                let switched = try sentinel.awaitEvent("+switch-master")
                let (old, new) = (group.servers[0].port, group.servers[1].port)
                #expect(switched.payload == "mymaster 127.0.0.1 \(old) 127.0.0.1 \(new)")
            }
        }

        @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
        func `renamed commands are used in a whole failover`(program: SentinelProgram) throws {
            try withStage { stage in
                let renamed = [("SLAVEOF", "FOLLOW"), ("CONFIG", "SETTINGS"), ("INFO", "TELL"), ("PUBLISH", "SAY")]
                let group = try stage.group(replicas: 1)
                // Renamed afterwards, for the harness asks INFO by its name.
                let nodes = try group.servers.enumerated().map { index, server in
                    server.process.kill()
                    return try stage.dataServer(
                        "renamed\(index)", replicating: nil,
                        lines: renamed.map { "rename-command \($0.0) \($0.1)" })
                }
                #expect(try nodes[1].ask("FOLLOW", "127.0.0.1", "\(nodes[0].port)") == .simple("OK"))
                let sentinel = try stage.sentinel(
                    program, watching: nodes[0].port,
                    options: SentinelServer.alone(masterLines: renamed.map { ("rename-command", "\($0.0) \($0.1)") }),
                    debug: ["INFO-PERIOD", "700"])
                try sentinel.awaitReplicas(1)
                #expect(try sentinel.ask("SENTINEL", "FAILOVER", "mymaster") == .simple("OK"))
                try sentinel.awaitEvent("+switch-master")
                #expect(try sentinel.masterPort("mymaster") == nodes[1].port)
                #expect(try nodes[1].ask("TELL", "replication").text?.contains("role:master") == true)
            }
        }

        @Test(
            .timeLimit(.minutes(1)),
            arguments: [
                [SentinelProgram.ours, .ours], [.ours, .original],
            ])
        func `sentinels log in to each other with sentinel-pass, or with their own requirepass`(
            programs: [SentinelProgram]
        ) throws {
            try withStage { stage in
                let master = try stage.dataServer()
                let passwords: [[String]] = [
                    ["requirepass common"], ["requirepass common", "sentinel sentinel-pass common"],
                ]
                let sentinels = try zip(programs, passwords).map { program, lines in
                    try stage.lockedSentinel(program, watching: master.port, lines: lines, password: "common")
                }
                for sentinel in sentinels {
                    try eventually("\(sentinel.name) sees the other well", within: .seconds(20)) {
                        try sentinel.peers("mymaster").map { $0["flags"] ?? "" }
                    } until: {
                        $0 == ["sentinel"]
                    }
                }
                // With another password the other is lost, and with the right one it is back.
                #expect(
                    try sentinels[0].ask("SENTINEL", "CONFIG", "SET", "sentinel-pass", "wrong") == .simple("OK"))
                try sentinels[0].awaitEvent("+sdown")
                #expect(
                    try sentinels[0].ask("SENTINEL", "CONFIG", "SET", "sentinel-pass", "common") == .simple("OK"))
                try sentinels[0].awaitEvent("-sdown")
            }
        }

        @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
        func `a peer under two masters has one link`(program: SentinelProgram) throws {
            try withCluster(masters: ["one", "two"], replicas: 0, sentinels: [program, .original]) { cluster in
                for group in cluster.groups {
                    let peers = try cluster.sentinels[0].peers(group.name)
                    #expect(peers.map { $0["link-refcount"] } == ["2"])
                }
            }
        }

        @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
        func `a connection that went silent is made again though nobody closed it`(program: SentinelProgram) throws {
            try withStage { stage in
                let node = stage.scriptedServer()
                let sentinel = try stage.sentinel(
                    program, watching: node.port, options: SentinelServer.alone(downAfter: .seconds(4)),
                    debug: ["MIN-LINK-RECONNECT-PERIOD", "1000"])
                try eventually("both connections are open", within: .seconds(10)) { node.connections >= 2 }
                // From now on these connections are dead, later ones are not.
                let dead = node.connections
                node.follow { $0.connection < dead ? .nothing : nil }
                try eventually("there is another", within: .seconds(15)) { node.connections > dead }
                try throughout("the node stays up", for: .seconds(2), { try sentinel.flags() }) {
                    !$0.contains("s_down")
                }
            }
        }

        @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
        func `a subscription that went silent is made again`(program: SentinelProgram) throws {
            try withStage { stage in
                // It never says anything on the channel, not even our own hellos.
                let node = stage.scriptedServer()
                _ = try stage.sentinel(
                    program, watching: node.port, options: SentinelServer.alone(),
                    debug: ["MIN-LINK-RECONNECT-PERIOD", "1000", "PUBLISH-PERIOD", "200"])
                try eventually("there are several subscriptions", within: .seconds(15)) {
                    node.requests.count { $0.name == "SUBSCRIBE" } >= 3
                }
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func `a node that does not answer is not flooded`() throws {
            try withStage { stage in
                let node = stage.scriptedServer { request in request.name == "INFO" ? .nothing : nil }
                _ = try stage.sentinel(.ours, watching: node.port, options: SentinelServer.alone())
                try eventually("INFO is asked", within: .seconds(5)) { node.requests.contains { $0.name == "INFO" } }
                let began = ContinuousClock.now
                wait(until: began + .seconds(3))
                #expect(node.requests.count { $0.name == "INFO" } == 1)
                #expect(Double(node.requests.count { $0.name == "PING" }) < 2.7 * ((.now - began) / .seconds(1)))
            }
        }
    }
}

extension Stage {
    /// A sentinel that wants a password from everybody, the harness included.
    fileprivate func lockedSentinel(
        _ program: SentinelProgram, watching port: UInt16, lines: [String], password: String
    ) throws -> SentinelServer {
        let sentinel = try sentinel(program, watching: port, options: SentinelServer.alone(lines: lines))
        sentinel.password = password
        try sentinel.debug(["PUBLISH-PERIOD", "300"])
        return sentinel
    }
}
