// SPDX-License-Identifier: Apache-2.0

import RESP
import Testing

@testable import DataNode

extension `Data node` {
    @Suite struct Replication {
        @Test func `a replica gets the keys there were and the writes that follow`() async throws {
            try await withNodes { nodes in
                let master = try nodes.start()
                let writer = TestClient(master)
                #expect(try await writer.ask("SET old 1") == ok)
                let replica = try nodes.start(replicaOf: master)
                try await eventually { replica.isInSync }
                let reader = TestClient(replica)
                #expect(try await reader.ask("GET old") == .bulk("1"))
                #expect(try await writer.ask("INCR new") == .integer(1))
                #expect(try await writer.ask("INCR new") == .integer(2))
                #expect(try await writer.ask("DEL old") == .integer(1))
                try await eventually { replica.offset == master.offset }
                #expect(try await reader.ask("GET new") == .bulk("2"))
                #expect(try await reader.ask("DBSIZE") == .integer(1))
            }
        }

        @Test func `the master knows what its replicas have`() async throws {
            try await withNodes { nodes in
                let master = try nodes.start()
                let replica = try nodes.start(replicaOf: master)
                let client = TestClient(master)
                try await eventually { replica.isInSync }
                #expect(try await client.ask("SET key value") == ok)
                let line =
                    "slave0:ip=127.0.0.1,port=\(replica.port),state=online,offset=\(master.offset),lag=0"
                try await eventually { try await client.info("replication").contains(line) }
                let entry = Value.array([
                    .bulk("127.0.0.1"), .bulk("\(replica.port)"), .bulk("\(master.offset)"),
                ])
                #expect(
                    try await client.ask("ROLE") == .array([.bulk("master"), .integer(master.offset), .array([entry])]))
            }
        }

        @Test func `a replica is read-only`() async throws {
            try await withNodes { nodes in
                let replica = try nodes.start(replicaOf: try nodes.start())
                let reply = try await TestClient(replica).ask("SET key value")
                #expect(reply == .error("READONLY You can't write against a read only replica."))
            }
        }

        @Test func `a replica whose master is gone says so and comes back to it`() async throws {
            try await withNodes { nodes in
                let master = try nodes.start()
                let replica = try nodes.start(replicaOf: master)
                let client = TestClient(replica)
                try await eventually { replica.isInSync }
                let address = master.address
                master.close()
                try await eventually { try await client.info().contains("master_link_status:down") }
                #expect(try await client.info().contains("master_link_down_since_seconds:0"))
                let restarted = try DataNode(on: address)
                defer { restarted.close() }
                try await eventually { replica.isInSync && restarted.connectedReplicas == 1 }
                let lines = try await client.info()
                #expect(lines.contains("master_link_status:up"))
                #expect(!lines.contains { $0.hasPrefix("master_link_down_since_seconds") })
            }
        }

        @Test func `a promoted replica keeps its keys and takes writes`() async throws {
            try await withNodes { nodes in
                let master = try nodes.start()
                let first = try nodes.start(replicaOf: master)
                let second = try nodes.start(replicaOf: master)
                let client = TestClient(master)
                #expect(try await client.ask("SET key value") == ok)
                try await eventually { first.offset == master.offset && second.offset == master.offset }
                let promoted = TestClient(first)
                #expect(try await promoted.ask("SLAVEOF NO ONE") == ok)
                #expect(try await promoted.ask("SET more 1") == ok)
                #expect(try await TestClient(second).ask("REPLICAOF 127.0.0.1 \(first.port)") == ok)
                #expect(try await client.ask("SLAVEOF 127.0.0.1 \(first.port)") == ok)
                try await eventually { second.isInSync && master.isInSync && first.connectedReplicas == 2 }
                #expect(master.connectedReplicas == 0)
                #expect(try await TestClient(second).ask("GET more") == .bulk("1"))
                #expect(try await client.ask("GET key") == .bulk("value"))
            }
        }

        @Test func `a demoted master lets go of its replicas`() async throws {
            try await withNodes { nodes in
                let master = try nodes.start()
                let replica = try nodes.start(replicaOf: master)
                try await eventually { master.connectedReplicas == 1 && replica.isInSync }
                let nobody = try nodes.start()
                nobody.close()
                #expect(try await TestClient(master).ask("SLAVEOF 127.0.0.1 \(nobody.port)") == ok)
                try await eventually { master.connectedReplicas == 0 && !replica.isInSync }
            }
        }

        @Test func `a replica feeds replicas of its own`() async throws {
            try await withNodes { nodes in
                let master = try nodes.start()
                let middle = try nodes.start(replicaOf: master)
                let last = try nodes.start(replicaOf: middle)
                try await eventually { last.isInSync }
                #expect(try await TestClient(master).ask("SET key value") == ok)
                try await eventually { last.offset == master.offset }
                #expect(try await TestClient(last).ask("GET key") == .bulk("value"))
            }
        }

        @Test func `a replica with the right password is let in`() async throws {
            try await withNodes { nodes in
                let master = try nodes.start(NodeSettings(password: "secret"))
                let replica = try nodes.start(replicaOf: master, NodeSettings(masterPassword: "secret"))
                try await eventually { replica.isInSync }
            }
        }

        @Test func `one without it is not`() async throws {
            try await withNodes { nodes in
                let master = try nodes.start(NodeSettings(password: "secret"))
                let replica = try nodes.start(replicaOf: master)
                let client = TestClient(replica)
                // Connections are numbered as they come: what is not a probe was an attempt of the replica.
                var probes = 0
                try await eventually {
                    let probe = TestClient(master)
                    defer { probe.close() }
                    probes += 1
                    #expect(try await probe.ask("AUTH secret") == ok)
                    let number = try #require(try await probe.ask("CLIENT ID").integer)
                    #expect(master.connectedReplicas == 0)
                    return number - probes >= 2
                }
                #expect(try await client.info().contains("master_link_status:down"))
                // Nothing else keeps it away.
                master.settings.password = nil
                try await eventually { replica.isInSync && master.connectedReplicas == 1 }
            }
        }
    }
}
