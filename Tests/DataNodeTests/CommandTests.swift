// SPDX-License-Identifier: Apache-2.0

import RESP
import Testing

@testable import DataNode

extension `Data node` {
    @Suite struct Commands {
        @Test func `a promotion transaction cuts off everyone but its sender`() async throws {
            try await withNodes { nodes in
                let replica = try nodes.start(replicaOf: try nodes.start())
                let (sentinel, other, subscriber) = (TestClient(replica), TestClient(replica), TestClient(replica))
                #expect(try await other.ask("PING") == .simple("PONG"))
                _ = try await subscriber.ask("SUBSCRIBE __sentinel__:hello")
                #expect(try await sentinel.ask("MULTI") == ok)
                let transaction = [
                    "SLAVEOF NO ONE", "CONFIG REWRITE", "CLIENT KILL TYPE normal", "CLIENT KILL TYPE pubsub",
                ]
                for command in transaction { #expect(try await sentinel.ask(command) == .simple("QUEUED")) }
                #expect(!replica.isMaster)
                #expect(try await sentinel.ask("EXEC") == .array([ok, ok, .integer(1), .integer(1)]))
                #expect(replica.isMaster)
                try await eventually { other.isClosed && subscriber.isClosed }
                #expect(try await sentinel.ask("PING") == .simple("PONG"))
                #expect(replica.clients.count == 1)
            }
        }

        @Test func `a transaction with a refused command is not executed`() async throws {
            try await withNodes { nodes in
                let node = try nodes.start()
                let client = TestClient(node)
                #expect(try await client.ask("MULTI") == ok)
                #expect(try await client.ask("SET key value") == .simple("QUEUED"))
                #expect(try await client.ask("NONSENSE") == .error("ERR unknown command 'NONSENSE'"))
                let aborted = Value.error("EXECABORT Transaction discarded because of previous errors.")
                #expect(try await client.ask("EXEC") == aborted)
                #expect(node.keys.count == 0)
            }
        }

        @Test func `INFO of a master`() async throws {
            try await withNodes { nodes in
                let node = try nodes.start()
                let lines = try await TestClient(node).info()
                #expect(lines.contains("run_id:\(node.runID)") && node.runID.utf8.count == 40)
                #expect(lines.contains("role:master") && lines.contains("connected_slaves:0"))
                #expect(lines.contains("redis_version:7.0.0") && lines.contains("tcp_port:\(node.port)"))
                #expect(!lines.contains { $0.hasPrefix("master_host") })
            }
        }

        @Test func `INFO of a replica`() async throws {
            try await withNodes { nodes in
                let master = try nodes.start()
                let replica = try nodes.start(replicaOf: master, NodeSettings(priority: 7, isAnnounced: false))
                try await eventually { replica.isInSync }
                let lines = try await TestClient(replica).info("replication")
                let expected = [
                    "# Replication", "role:slave", "master_host:127.0.0.1", "master_port:\(master.port)",
                    "master_link_status:up", "master_sync_in_progress:0", "slave_read_repl_offset:0",
                    "slave_repl_offset:0", "slave_priority:7", "slave_read_only:1", "replica_announced:0",
                    "connected_slaves:0", "master_repl_offset:0",
                ]
                #expect(lines == expected)
            }
        }

        @Test func `a message reaches those who subscribed, on replicas too`() async throws {
            try await withNodes { nodes in
                let master = try nodes.start()
                let replica = try nodes.start(replicaOf: master)
                try await eventually { replica.isInSync }
                let (near, far, publisher) = (TestClient(master), TestClient(replica), TestClient(master))
                for client in [near, far] {
                    let reply = try await client.ask("SUBSCRIBE news")
                    #expect(reply == .array([.bulk("subscribe"), .bulk("news"), .integer(1)]))
                }
                #expect(try await publisher.ask("PUBLISH news hello") == .integer(1))
                #expect(try await publisher.ask("PUBLISH other hello") == .integer(0))
                let message = Value.array([.bulk("message"), .bulk("news"), .bulk("hello")])
                #expect(try await near.next() == message)
                #expect(try await far.next() == message)
                let left = Value.array([.bulk("unsubscribe"), .bulk("news"), .integer(0)])
                #expect(try await near.ask("UNSUBSCRIBE") == left)
                #expect(try await publisher.ask("PUBLISH news hello") == .integer(0))
            }
        }

        @Test func `a RESP3 subscriber gets pushes and may go on asking`() async throws {
            try await withNodes { nodes in
                let client = TestClient(try nodes.start())
                let greeting = try #require(try await client.ask("HELLO 3").entries)
                #expect(greeting.contains { $0.key == .bulk("proto") && $0.value == .integer(3) })
                let confirmation = try await client.ask("SUBSCRIBE news")
                #expect(confirmation == .push([.bulk("subscribe"), .bulk("news"), .integer(1)]))
                let message = Value.push([.bulk("message"), .bulk("news"), .bulk("hello")])
                #expect(try await client.ask("PUBLISH news hello") == message)
                #expect(try await client.next() == .integer(1))
                #expect(try await client.ask("GET key") == .null)
            }
        }

        @Test func `a RESP2 subscriber may not`() async throws {
            try await withNodes { nodes in
                let client = TestClient(try nodes.start())
                _ = try await client.ask("SUBSCRIBE news")
                #expect(try await client.ask("GET key").errorText?.hasPrefix("ERR Can't execute 'get'") == true)
                #expect(try await client.ask("PING") == .array([.bulk("pong"), .bulk("")]))
            }
        }

        @Test func `without the password only AUTH and HELLO are heard`() async throws {
            try await withNodes { nodes in
                let client = TestClient(try nodes.start(NodeSettings(password: "secret")))
                #expect(try await client.ask("PING") == .error("NOAUTH Authentication required."))
                #expect(try await client.ask("AUTH wrong").errorText?.hasPrefix("WRONGPASS") == true)
                #expect(try await client.ask("AUTH secret") == ok)
                #expect(try await client.ask("PING") == .simple("PONG"))
            }
        }

        @Test func `names, numbers and the rest are answered as by Redis`() async throws {
            try await withNodes { nodes in
                let client = TestClient(try nodes.start())
                #expect(try await client.ask("CLIENT SETNAME sentinel-1-cmd") == ok)
                #expect(try await client.ask("CLIENT GETNAME") == .bulk("sentinel-1-cmd"))
                #expect(try await client.ask("CLIENT ID") == .integer(1))
                #expect(try await client.ask("SCRIPT KILL").errorText?.hasPrefix("NOTBUSY") == true)
                #expect(try await client.ask("GET") == .error("ERR wrong number of arguments for 'get' command"))
                #expect(try await client.ask("CONFIG SET replica-priority 3") == ok)
                let parameter = Value.array([.bulk("replica-priority"), .bulk("3")])
                #expect(try await client.ask("CONFIG GET *priority") == parameter)
                #expect(try await client.ask("SET word text") == ok)
                let notNumber = Value.error("ERR value is not an integer or out of range")
                #expect(try await client.ask("INCR word") == notNumber)
                #expect(try await client.ask("COMMAND") == .array([]))
                #expect(try await client.ask("QUIT") == ok)
                try await eventually { client.isClosed }
            }
        }
    }
}
