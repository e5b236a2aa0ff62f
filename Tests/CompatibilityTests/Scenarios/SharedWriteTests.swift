// SPDX-License-Identifier: Apache-2.0

import Testing

extension RealServers {
    /// Requests behind one whose reply waits for the disk.
    ///
    /// A peer asks for its vote on many groups over one connection. Were each to wait until the vote before it is
    /// answered, a thousand groups would take a thousand writes of the configuration file.
    @Suite struct SharedWrites {
        @Test(.timeLimit(.minutes(1)))
        func `changes in one pipeline share few writes, and every reply keeps its place`() throws {
            try withCluster(replicas: 0, sentinels: [.ours], quorum: 1) { cluster in
                let sentinel = cluster.sentinels[0]
                let before = sentinel.writesOfTheFile
                let changes = 100
                var commands: [[String]] = []
                var expected: [Reply] = []
                for number in 0..<changes {
                    commands += [
                        ["SENTINEL", "SET", cluster.masterName, "quorum", "\(number + 1)"],
                        ["PING"],
                        ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", cluster.masterName],
                        ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", "nobody-\(number)"],
                    ]
                    let port = cluster.group.servers[0].port
                    expected += [
                        .simple("OK"), .simple("PONG"), .array([.bulk("127.0.0.1"), .bulk("\(port)")]), .nullArray,
                    ]
                }
                // What is about the connection itself keeps its place as well.
                commands += [["CLIENT", "SETNAME", "pipelined"], ["CLIENT", "GETNAME"], ["QUIT"]]
                expected += [.simple("OK"), .bulk("pipelined"), .simple("OK")]
                let client = try RedisClient(port: sentinel.port)
                let replies = try client.pipeline(commands, within: .seconds(20))
                let firstWrong = zip(replies, expected).first { $0 != $1 }
                #expect(firstWrong == nil && replies.count == expected.count)
                #expect(client.isClosedByPeer(within: .seconds(5)))
                #expect(try sentinel.master(cluster.masterName)["quorum"] == "\(changes)")
                #expect(sentinel.rememberedLines.contains { $0[1] == "monitor" && $0.last == "\(changes)" })
                #expect(sentinel.writesOfTheFile - before < changes / 2)
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func `a protocol error is told after the replies that stand before it`() throws {
            try withCluster(replicas: 0, sentinels: [.ours], quorum: 1) { cluster in
                let client = try RedisClient(port: cluster.sentinels[0].port)
                let change = ["SENTINEL", "SET", cluster.masterName, "quorum", "1"]
                try client.send(RedisClient.encode(change) + Array("*1\r\n!oops\r\n".utf8))
                #expect(try client.readReply() == .simple("OK"))
                guard case .error(let text) = try client.readReply() else { return #expect(Bool(false), "an error") }
                #expect(text.hasPrefix("ERR Protocol error"))
                #expect(client.isClosedByPeer(within: .seconds(5)))
            }
        }
    }
}

extension SentinelServer {
    /// How often it says that it has saved its configuration.
    fileprivate var writesOfTheFile: Int {
        process.log().split(separator: "\n").count { $0.hasSuffix("Sentinel new configuration saved on disk") }
    }
}
