// SPDX-License-Identifier: Apache-2.0

import Testing

extension Rules {
    /// - Source: spec/monitoring.md 1 (the uses of failover-timeout), 5.5 (aborts), 8 (state machine).
    @Suite(.serialized) struct Failovers {
        @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
        func `a replica that refuses its promotion ends the failover`(program: SentinelProgram) throws {
            try withStage { stage in
                let (group, sentinel) = try stage.watchedGroup(
                    program, replicas: 1, options: SentinelServer.alone(failoverTimeout: .seconds(2)))
                let (master, replica) = (group.servers[0], group.servers[1])
                #expect(try replica.ask("ACL", "SETUSER", "default", "-slaveof") == .simple("OK"))
                #expect(try sentinel.ask("SENTINEL", "FAILOVER", "mymaster") == .simple("OK"))
                // Ours does not wait for what was refused.
                if program == .original {
                    #expect(
                        try sentinel.ask("SENTINEL", "FAILOVER", "mymaster")
                            == .error("INPROG Failover already in progress"))
                }
                #expect(try sentinel.awaitEvent("+selected-slave").payload == replica.label(replicaOf: master))
                let abort = try sentinel.awaitEvent("-failover-abort-slave-timeout")
                #expect(abort.payload == "master mymaster 127.0.0.1 \(master.port)")
                #expect(try sentinel.masterPort("mymaster") == master.port)
                // With its right back it can be promoted after all.
                #expect(try replica.ask("ACL", "SETUSER", "default", "+slaveof") == .simple("OK"))
                #expect(try sentinel.ask("SENTINEL", "FAILOVER", "mymaster") == .simple("OK"))
                try sentinel.awaitEvent("+switch-master")
                #expect(try sentinel.masterPort("mymaster") == replica.port)
            }
        }

        /// Otherwise the restart would send clients back, and might promote another replica.
        @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
        func `a sentinel that ends right after the promotion goes on with it`(program: SentinelProgram) throws {
            try withStage { stage in
                let (group, sentinel) = try stage.watchedGroup(program, replicas: 1, options: SentinelServer.alone())
                let replica = group.servers[1]
                #expect(
                    try sentinel.ask("SENTINEL", "SIMULATE-FAILURE", "crash-after-promotion") == .simple("OK"))
                #expect(try sentinel.ask("SENTINEL", "FAILOVER", "mymaster") == .simple("OK"))
                #expect(try sentinel.process.waitForExit(within: .seconds(10)) == 99)
                try sentinel.restart()
                #expect(try sentinel.masterPort("mymaster") == replica.port)
            }
        }

        @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
        func `replicas are moved as many at a time as parallel-syncs says`(program: SentinelProgram) throws {
            try withStage { stage in
                let (_, sentinel) = try stage.watchedGroup(
                    program, replicas: 4, options: SentinelServer.alone(downAfter: .seconds(10)),
                    debug: ["INFO-PERIOD", "700", "PUBLISH-PERIOD", "250"])
                for parallel in [1, 3] {
                    try sentinel.awaitReplicas(4)
                    _ = try sentinel.ask("SENTINEL", "SET", "mymaster", "parallel-syncs", "\(parallel)")
                    let mark = sentinel.events().count
                    #expect(try sentinel.ask("SENTINEL", "FAILOVER", "mymaster") == .simple("OK"))
                    try sentinel.awaitEvent("+switch-master", after: mark)
                    let steps = sentinel.events(after: mark).map(\.name).filter {
                        $0 == "+slave-reconf-sent" || $0 == "+slave-reconf-done"
                    }
                    var (underWay, most) = (0, 0)
                    for step in steps {
                        underWay += step == "+slave-reconf-sent" ? 1 : -1
                        most = max(most, underWay)
                    }
                    #expect(most == parallel, "\(steps)")
                    #expect(steps.count == 6)
                }
            }
        }

        @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
        func `a replica that does not move ends its part after slave-reconf-timeout`(
            program: SentinelProgram
        ) throws {
            try withStage { stage in
                let group = try stage.group(replicas: 2)
                let stuck = group.servers[2]
                #expect(try stuck.ask("CONFIG", "SET", "replica-priority", "0") == .simple("OK"))
                let sentinel = try stage.sentinel(
                    program, watching: group.servers[0].port,
                    options: SentinelServer.alone(
                        failoverTimeout: .seconds(4), masterLines: [("parallel-syncs", "2")]),
                    debug: ["INFO-PERIOD", "700", "SLAVE-RECONF-TIMEOUT", "1000"])
                try sentinel.awaitReplicas(2)
                #expect(try stuck.ask("ACL", "SETUSER", "default", "-slaveof") == .simple("OK"))
                #expect(try sentinel.ask("SENTINEL", "FAILOVER", "mymaster") == .simple("OK"))
                let label = "slave 127.0.0.1:\(stuck.port) 127.0.0.1 \(stuck.port)"
                #expect(try sentinel.awaitEvent("-slave-reconf-sent-timeout").payload.hasPrefix(label))
                if program == .ours {
                    // The address that clients are told is the new one already.
                    #expect(try sentinel.masterPort("mymaster") == group.servers[1].port)
                }
                try sentinel.awaitEvent("+switch-master")
                let names = sentinel.eventNames
                #expect(firstOutOfOrder(["+promoted-slave", "+failover-end", "+switch-master"], in: names) == nil)
            }
        }

        @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
        func `without a replica fit for it the failover is given up, and the master kept`(
            program: SentinelProgram
        ) throws {
            try withStage { stage in
                let (group, sentinel) = try stage.watchedGroup(
                    program, replicas: 1,
                    options: SentinelServer.alone(downAfter: .milliseconds(600), failoverTimeout: .seconds(2)))
                for server in group.servers { server.process.kill() }
                let abort = try sentinel.awaitEvent("-failover-abort-no-good-slave")
                #expect(abort.payload == "master mymaster 127.0.0.1 \(group.servers[0].port)")
                #expect(try sentinel.masterPort("mymaster") == group.servers[0].port)
                // A replica that comes back is promoted by a later attempt.
                try group.servers[1].restart()
                try sentinel.awaitEvent("+switch-master", within: .seconds(30))
            }
        }

        @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
        func `alone of three it is not elected, and says so when the election times out`(
            program: SentinelProgram
        ) throws {
            try withStage { stage in
                let ghosts = ["b", "c"].enumerated().map { index, letter in
                    ("known-sentinel", "127.0.0.1 \(index + 1) \(String(repeating: letter, count: 40))")
                }
                let (group, sentinel) = try stage.watchedGroup(
                    program, replicas: 1,
                    options: SentinelServer.alone(
                        downAfter: .milliseconds(600), failoverTimeout: .seconds(1), masterLines: ghosts))
                group.servers[0].process.kill()
                try sentinel.awaitEvent("+odown")
                try sentinel.awaitEvent("+try-failover")
                try sentinel.awaitEvent("-failover-abort-not-elected")
                #expect(!sentinel.eventNames.contains("+elected-leader"))
            }
        }
    }
}
