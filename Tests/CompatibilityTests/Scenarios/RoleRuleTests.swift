// SPDX-License-Identifier: Apache-2.0

import Testing

extension Rules {
    /// - Source: spec/monitoring.md 7 (INFO and reactions), 8 (selection).
    @Suite(.serialized) struct Roles {
        @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
        func `a replica that says it is a master is converted back`(program: SentinelProgram) throws {
            try withStage { stage in
                let (group, sentinel) = try stage.watchedGroup(
                    program, replicas: 1, debug: ["INFO-PERIOD", "300", "PUBLISH-PERIOD", "250"])
                let (master, replica) = (group.servers[0], group.servers[1])
                #expect(try replica.ask("REPLICAOF", "NO", "ONE") == .simple("OK"))
                #expect(try sentinel.awaitEvent("+convert-to-slave").payload == replica.label(replicaOf: master))
                try eventually("it follows again", within: .seconds(10)) { try replica.replicates(from: master) }
            }
        }

        @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
        func `a replica of the wrong master is put right after the failover timeout`(program: SentinelProgram) throws {
            try withStage { stage in
                let (group, sentinel) = try stage.watchedGroup(
                    program, replicas: 1, options: SentinelServer.alone(failoverTimeout: .seconds(2)))
                let (master, replica) = (group.servers[0], group.servers[1])
                let stranger = try stage.dataServer("stranger")
                let began = ContinuousClock.now
                #expect(try replica.ask("REPLICAOF", "127.0.0.1", "\(stranger.port)") == .simple("OK"))
                #expect(try sentinel.awaitEvent("+fix-slave-config").payload == replica.label(replicaOf: master))
                #expect(.now - began > .seconds(2))
                try eventually("it follows again", within: .seconds(10)) { try replica.replicates(from: master) }
            }
        }

        @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
        func `a role that changes is published, though it is only verbose in the log`(program: SentinelProgram) throws {
            try withStage { stage in
                let node = stage.scriptedServer()
                let sentinel = try stage.sentinel(
                    program, watching: node.port, options: SentinelServer.alone(), debug: ["INFO-PERIOD", "200"])
                try eventually("it is known", within: .seconds(10)) {
                    try sentinel.master("mymaster")["runid"]?.isEmpty == false
                }
                let subscription = try Subscription(port: sentinel.port, patterns: ["*-change"])
                let runID = node.info[0]
                let label = "master mymaster 127.0.0.1 \(node.port) new reported role is"
                node.info = [runID, "role:slave", "master_host:127.0.0.1", "master_port:1"]
                try subscription.collect(within: .seconds(10)) { $0.channel == "-role-change" }
                node.info = [runID, "role:master"]
                try subscription.collect(within: .seconds(10)) { $0.channel == "+role-change" }
                #expect(subscription.messages.map(\.payload) == ["\(label) slave", "\(label) master"])
                #expect(!sentinel.eventNames.contains("+role-change"))
            }
        }

        @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
        func `replicas are promoted by priority, never with priority 0, and unannounced ones are not shown`(
            program: SentinelProgram
        ) throws {
            try withStage { stage in
                let master = try stage.dataServer("mymaster")
                let never = try stage.dataServer("never", replicating: master.port, lines: ["replica-priority 0"])
                let later = try stage.dataServer("later", replicating: master.port, lines: ["replica-priority 50"])
                let first = try stage.dataServer(
                    "first", replicating: master.port, lines: ["replica-priority 10", "replica-announced no"])
                try eventually("all follow", within: .seconds(20)) {
                    try [never, later, first].allSatisfy { try $0.replicates(from: master) }
                }
                // One that is not announced is not in the master's INFO either; so it has to be told of.
                let sentinel = try stage.sentinel(
                    program, watching: master.port,
                    options: SentinelServer.alone(masterLines: [("known-replica", "127.0.0.1 \(first.port)")]),
                    debug: ["INFO-PERIOD", "700"])
                try sentinel.awaitReplicas(2)
                #expect(
                    Set(try sentinel.replicas("mymaster").map { $0["port"] }) == ["\(never.port)", "\(later.port)"])
                #expect(try sentinel.master("mymaster")["num-slaves"] == "3")
                #expect(try sentinel.ask("SENTINEL", "FAILOVER", "mymaster") == .simple("OK"))
                try sentinel.awaitEvent("+switch-master")
                #expect(try sentinel.masterPort("mymaster") == first.port)
            }
        }

        @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
        func `without a replica that may be promoted FAILOVER is refused`(program: SentinelProgram) throws {
            try withStage { stage in
                let master = try stage.dataServer("mymaster")
                _ = try stage.dataServer("never", replicating: master.port, lines: ["replica-priority 0"])
                let sentinel = try stage.sentinel(
                    program, watching: master.port, options: SentinelServer.alone(), debug: ["INFO-PERIOD", "200"])
                try sentinel.awaitReplicas(1)
                let reply = try sentinel.ask("SENTINEL", "FAILOVER", "mymaster")
                #expect(reply == .error("NOGOODSLAVE No suitable replica to promote"))
            }
        }
    }
}
