// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SentinelCore

/// A master that follows one of its own replicas, as orders that crossed can leave it. Source: Docs/simulation.md.
@Suite struct `A master that follows its own replica` {
    private static let restored = Event.masterConfigFixed(
        InstanceLabel(
            kind: .master, name: World.name.text, address: World.master, masterName: World.name,
            masterAddress: World.master))

    /// The master has come back as a replica of the first replica.
    private func circle() -> World {
        var world = World(failoverTimeout: .seconds(3))
        world.run(for: .seconds(5))
        world.kill(World.master)
        world.withoutMasterSince = world.now
        world.run(for: .seconds(20))
        world.revive(World.master)
        world.following[World.master] = World.replicas[0]
        world.run(for: .seconds(10))
        #expect(!world.steps.contains(.selectedReplica))
        return world
    }

    private func orders(in world: World) -> [Request] {
        world.sent.filter { if case .replicate(nil, _) = $0 { true } else { false } }
    }

    /// Seeds 310009697, 310013846, 310014844 and 320001606: two orders that crossed had two nodes follow each other.
    @Test func `is replaced`() {
        var world = circle()
        world.letPeersAgree()
        world.run(for: .seconds(40))
        #expect(world.steps.contains(.promoted))
        #expect(!world.events.contains(Self.restored))
    }

    /// Seed 2000194716: the only replica was gone by the time the master counted as down.
    @Test func `is made a master again if none can be promoted`() {
        var world = circle()
        for replica in World.replicas { world.kill(replica) }
        world.letPeersAgree()
        world.run(for: .seconds(20))
        // Somebody may be unfit for a moment.
        #expect(world.steps.contains(.noGoodReplica))
        #expect(orders(in: world).isEmpty)
        world.runElected(for: .seconds(10))
        #expect(world.events.contains(Self.restored))
        #expect(orders(in: world) == [.replicate(nil, isBare: false)])
        #expect(world.following[World.master] == nil)
        #expect(world.ask(.masterAddress(World.name)) == .address(World.master))
        let group = world.sentinel.masters[world.sentinel.masterOrder[0]]
        #expect(!group.presence.isSdown && group.odownSince == nil)
    }

    @Test func `gets the bare order with the next attempt if it refuses the transaction`() {
        var world = circle()
        for replica in World.replicas { world.kill(replica) }
        world.refusesTransactions = true
        world.runElected(for: .seconds(40))
        #expect(orders(in: world) == [.replicate(nil, isBare: false), .replicate(nil, isBare: true)])
        #expect(world.following[World.master] == nil)
    }

    @Test func `is left alone by whoever was not elected`() {
        var world = circle()
        for replica in World.replicas { world.kill(replica) }
        world.run(for: .seconds(40))
        #expect(orders(in: world).isEmpty)
    }

    @Test func `is left alone if it does not answer`() {
        var world = circle()
        for replica in World.replicas { world.kill(replica) }
        world.run(for: .seconds(15))
        world.silent = [World.master]
        world.runElected(for: .seconds(8))
        #expect(world.steps.contains(.noGoodReplica))
        #expect(orders(in: world).isEmpty)
    }

    /// It counts as down 20 seconds and more after it has left its replicas alone, which can be ten times down-after.
    @Test func `or follows somebody unknown is replaced by a replica that was alone since`() {
        var world = World()
        world.run(for: .seconds(5))
        world.following[World.master] = Endpoint(host: "10.0.0.77", port: 6379)
        world.withoutMasterSince = world.now
        world.letPeersAgree()
        world.run(for: .seconds(40))
        #expect(world.steps.contains(.promoted))
    }

    /// What it says itself counts, for this sentinel may have started long after.
    @Test func `or follows somebody unknown is replaced by a replica that was alone before this sentinel was there`() {
        var world = World()
        let unknown = Endpoint(host: "10.0.0.77", port: 6379)
        world.kill(unknown)
        world.following[World.master] = unknown
        world.withoutMasterSince = world.now - .seconds(100)
        world.letPeersAgree()
        world.run(for: .seconds(40))
        #expect(world.steps.contains(.promoted))
    }

    /// Nobody else asks about that name.
    @Test func `by a name is seen to`() {
        var world = World(resolvesHostnames: true)
        world.names["redis-1"] = [World.replicas[0].host]
        world.following[World.master] = Endpoint(host: "redis-1", port: World.replicas[0].port)
        world.run(for: .seconds(12))
        #expect(world.sentinel.isInCircle(world.sentinel.masterOrder[0]))
    }

    @Test func `is left alone if it follows nobody known here`() {
        var world = circle()
        world.following[World.master] = Endpoint(host: "10.0.0.77", port: 6379)
        for replica in World.replicas { world.kill(replica) }
        world.runElected(for: .seconds(40))
        #expect(world.steps.contains(.noGoodReplica))
        #expect(orders(in: world).isEmpty)
    }

    @Test func `is left alone if another group knows whom it follows`() {
        var world = circle()
        _ = world.ask(.monitor(MasterName("other"), World.replicas[0], quorum: 2))
        for replica in World.replicas { world.kill(replica) }
        world.runElected(for: .seconds(40))
        #expect(world.steps.contains(.noGoodReplica))
        #expect(orders(in: world).isEmpty)
    }
}
