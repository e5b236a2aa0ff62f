// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SentinelCore

/// Source: found by the simulator.
@Suite struct `A node that serves another group watched here` {
    private func world(following: Endpoint?) throws -> World {
        var world = World(peers: "", failoverTimeout: .seconds(3))
        let other = Endpoint(host: "10.0.7.1", port: 6379)
        _ = world.ask(.monitor(MasterName("other"), other, quorum: 1))
        world.following[World.replicas[0]] = following
        world.run(for: .seconds(40))
        return world
    }

    private func isPutRight(_ world: World) -> Bool {
        world.events.contains {
            switch $0 {
            case .replicaConfigFixed, .convertedToReplica: true
            default: false
            }
        }
    }

    @Test func `is not taken away from it`() throws {
        let world = try world(following: Endpoint(host: "10.0.7.1", port: 6379))
        #expect(!isPutRight(world))
    }

    @Test func `is not taken away from it if it follows its master by a name`() throws {
        var world = World(peers: "", quorum: 1, failoverTimeout: .seconds(3), resolvesHostnames: true)
        world.names["other-0"] = ["10.0.7.1"]
        _ = world.ask(.monitor(MasterName("other"), Endpoint(host: "10.0.7.1", port: 6379), quorum: 1))
        world.following[World.replicas[0]] = Endpoint(host: "other-0", port: 6379)
        world.run(for: .seconds(40))
        #expect(world.sentinel.names.addresses(of: "other-0") == ["10.0.7.1"])
        #expect(!isPutRight(world))
        world.kill(World.master)
        world.run(for: .seconds(5))
        #expect(world.steps.contains(.promoted))
        #expect(world.ask(.masterAddress(World.name)) == .address(World.replicas[1]))
        #expect(world.following[World.replicas[0]] == Endpoint(host: "other-0", port: 6379))
    }

    @Test func `is not made a replica if it is that group's master`() throws {
        var world = World(peers: "", failoverTimeout: .seconds(3))
        _ = world.ask(.monitor(MasterName("other"), World.replicas[0], quorum: 1))
        world.following[World.replicas[0]] = nil
        world.run(for: .seconds(40))
        #expect(!isPutRight(world))
    }

    /// Seed 310014324: the other group had just moved on, and the node had been told to follow.
    @Test func `is not promoted here if it follows whom that group moved away from`() {
        var world = World(peers: "", quorum: 1)
        let other = MasterName("other")
        let (old, new) = (Endpoint(host: "10.0.7.1", port: 6379), Endpoint(host: "10.0.7.2", port: 6379))
        _ = world.ask(.monitor(other, old, quorum: 1))
        for replica in World.replicas { world.following[replica] = old }
        world.run(for: .seconds(5))
        world.kill(World.master)
        let hello = Hello(
            sender: World.host(ofPeer: "b"), runID: World.id("b"), currentEpoch: Epoch(5), masterName: other,
            master: new, configEpoch: Epoch(5))
        _ = world.ask(.publishHello(hello))
        world.run(for: .seconds(3))
        #expect(world.steps.contains(.noGoodReplica) && !world.steps.contains(.selectedReplica))
    }

    /// Seed 330013964: the orders of a later failover took it away.
    @Test func `is forgotten here once it is connected there and not listed here`() throws {
        var world = World(peers: "", failoverTimeout: .seconds(3))
        let other = Endpoint(host: "10.0.7.1", port: 6379)
        _ = world.ask(.monitor(MasterName("other"), other, quorum: 1))
        world.following[World.replicas[0]] = other
        world.replicasOf = [other: [World.replicas[0]], World.master: World.replicas]
        world.run(for: .seconds(25))
        #expect(Set(world.sentinel.remembered.masters[0].knownReplicas) == Set(World.replicas))
        world.replicasOf[World.master] = [World.replicas[1]]
        world.run(for: .seconds(25))
        #expect(world.sentinel.remembered.masters[0].knownReplicas == [World.replicas[1]])
        #expect(world.sentinel.remembered.masters[1].knownReplicas == [World.replicas[0]])
    }

    @Test func `is forgotten here once it is the master there and not listed here`() throws {
        var world = World(peers: "", failoverTimeout: .seconds(3))
        _ = world.ask(.monitor(MasterName("other"), World.replicas[0], quorum: 1))
        world.following[World.replicas[0]] = nil
        world.replicasOf[World.master] = [World.replicas[1]]
        world.run(for: .seconds(25))
        #expect(world.sentinel.remembered.masters[0].knownReplicas == [World.replicas[1]])
    }

    /// Seed 330014996: it had just been promoted there, and was listed here since a name had led astray.
    @Test func `is not promoted here if it follows nobody`() {
        var world = World(peers: "", quorum: 1)
        let other = MasterName("other")
        world.following = [:]
        world.replicasOf = [Endpoint(host: "10.0.7.1", port: 6379): World.replicas]
        _ = world.ask(.monitor(other, Endpoint(host: "10.0.7.1", port: 6379), quorum: 1))
        world.run(for: .seconds(5))
        world.kill(World.master)
        world.run(for: .seconds(3))
        #expect(world.steps.contains(.noGoodReplica) && !world.steps.contains(.selectedReplica))
    }

    @Test func `but one that follows nobody known is`() throws {
        #expect(isPutRight(try world(following: Endpoint(host: "10.0.7.2", port: 6379))))
    }
}
