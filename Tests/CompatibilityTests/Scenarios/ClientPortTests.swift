// SPDX-License-Identifier: Apache-2.0

import Testing

extension RealServers {
    /// What commands do, beside the original's; what they answer is compared in `Conformance`.
    ///
    /// - Source: spec/commands.md 5.3, 6.
    @Suite struct ClientPort {
        @Test(.timeLimit(.minutes(3)))
        func `FAILOVER, RESET and SHUTDOWN do what the original's do`() throws {
            try withCluster(sentinels: [.ours, .original, .ours]) { cluster in
                let name = cluster.masterName
                var master = cluster.group.servers[0]
                // Four of them, after which a stray master is demoted, must outlast a promotion that the original
                // leads: it sees one with its INFO of each second.
                for sentinel in cluster.sentinels { try sentinel.debug(["PUBLISH-PERIOD", "500"]) }
                for sentinel in cluster.sentinels.prefix(2) {
                    // In one write: the second is read before the first failover can be over.
                    let replies = try eventually("\(sentinel.name) begins", within: .seconds(20)) {
                        try RedisClient(port: sentinel.port).pipeline([
                            ["SENTINEL", "FAILOVER", name], ["SENTINEL", "FAILOVER", name],
                        ])
                    } until: {
                        $0.first != .error("NOGOODSLAVE No suitable replica to promote")
                    }
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

        /// What a name stands for is asked beside the loop; the requests behind are about the group.
        @Test(.timeLimit(.minutes(1)), arguments: SentinelProgram.allCases)
        func `MONITOR by a name is carried out before what stands behind it`(program: SentinelProgram) throws {
            try withCluster(replicas: 1, sentinels: [program], quorum: 1) { cluster in
                let sentinel = cluster.sentinels[0]
                let on = try sentinel.ask("SENTINEL", "CONFIG", "SET", "resolve-hostnames", "yes")
                #expect(on == .simple("OK"))
                let port = "\(cluster.group.servers[0].port)"
                let client = try RedisClient(port: sentinel.port)
                for _ in 0..<20 {
                    let replies = try client.pipeline([
                        ["SENTINEL", "MONITOR", "other", "localhost", port, "2"],
                        ["SENTINEL", "SET", "other", "quorum", "3"], ["PING"], ["SENTINEL", "REMOVE", "other"],
                        ["SENTINEL", "REMOVE", "other"],
                    ])
                    #expect(
                        replies == [
                            .simple("OK"), .simple("OK"), .simple("PONG"), .simple("OK"),
                            .error("ERR No such master with that name"),
                        ])
                }
            }
        }

        /// With something due each millisecond a request often meets it. One in eight had no effect and was answered
        /// OK.
        @Test(.timeLimit(.minutes(3)))
        func `SET takes effect whatever is due just then`() throws {
            try withCluster(replicas: 1, sentinels: [.ours], quorum: 1) { cluster in
                let sentinel = cluster.sentinels[0]
                try sentinel.debug(["PING-PERIOD", "1"])
                for quorum in 1...300 {
                    let set = try sentinel.ask("SENTINEL", "SET", cluster.masterName, "quorum", "\(quorum)")
                    #expect(set == .simple("OK"))
                    let master = try sentinel.ask("SENTINEL", "MASTER", cluster.masterName)
                    #expect(master.fields["quorum"] == "\(quorum)")
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
