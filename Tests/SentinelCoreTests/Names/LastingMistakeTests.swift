// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SentinelCore

/// A link that stays where its name led by mistake, for it works there, and nobody answers where the name leads now.
/// Source: design.md 7.
@Suite struct `A connection where its name leads no more` {
    private static let named = Endpoint(host: "redis-0", port: 6379)
    private static let nowhere = Endpoint(host: "10.9.9.9", port: 6379)

    /// The name was answered with `wrong` for some seconds, and goes on standing for where nobody is.
    private func lead(_ name: String, astrayTo wrong: Endpoint, in world: inout World) {
        world.kill(Self.nowhere)
        world.names[name] = [wrong.host]
        world.take(.resolved(name, [wrong.host]))
        world.run(for: .seconds(5))
        world.names[name] = [Self.nowhere.host]
        world.run(for: .seconds(20))
        #expect(world.sentinel.names.isConfirmed(name))
    }

    @Test func `is no reason to take a newer configuration with that number for the old one`() {
        var world = World(resolvesHostnames: true) {
            $0.address = Self.named
            $0.knownReplicas = [World.replicas[1]]
        }
        let new = World.replicas[0]
        lead("redis-0", astrayTo: new, in: &world)
        let hello = Hello(
            sender: World.host(ofPeer: "b"), runID: World.id("b"), currentEpoch: Epoch(7), masterName: World.name,
            master: new, configEpoch: Epoch(7))
        _ = world.ask(.publishHello(hello))
        #expect(world.sentinel.remembered.masters[0].configEpoch == Epoch(7))
        #expect(world.sentinel.remembered.masters[0].address == new)
    }

    @Test func `gets nobody promoted under that name`() {
        var world = World(resolvesHostnames: true, announcesHostnames: true) {
            $0.knownReplicas = [World.replicas[0], Self.named]
        }
        // The one with the greater offset is where the other's name led.
        lead("redis-0", astrayTo: World.replicas[1], in: &world)
        world.kill(World.master)
        world.runElected(for: .seconds(6))
        #expect(world.steps.contains(.promoted))
        #expect(world.sentinel.remembered.masters[0].address == World.replicas[0])
    }

    /// The replicas that another group's master lists, whom the name led to just after the start.
    @Test func `does not have replicas that were listed there follow who is promoted`() {
        var world = World(resolvesHostnames: true) {
            $0.address = Self.named
            $0.knownReplicas = [World.replicas[0]]
        }
        let (other, stray) = (Endpoint(host: "10.0.7.1", port: 6379), Endpoint(host: "10.0.7.2", port: 6379))
        world.replicasOf[other] = [stray]
        world.following[stray] = other
        world.names["redis-0"] = [other.host]
        world.take(.resolved("redis-0", [other.host]))
        world.run(for: .seconds(3))
        #expect(world.sentinel.masters[world.sentinel.masterOrder[0]].replicas.count == 2)
        #expect(world.ask(.failover(World.name)) == .ok)
        world.run(for: .seconds(5))
        #expect(world.steps.contains(.ended))
        #expect(world.sentinel.remembered.masters[0].address == World.replicas[0])
        #expect(world.following[stray] == other)
        #expect(!world.sentinel.remembered.masters[0].knownReplicas.contains(stray))
    }

    /// The name of a dead master was answered with its replica's address just after the start, and that of the replica,
    /// which came second, was not believed before the other was answered right.
    private func deadMasterAstray() -> World {
        let replica = World.replicas[0]
        var world = World(peers: "", quorum: 1, resolvesHostnames: true, announcesHostnames: true) { settings in
            settings.address = Self.named
            settings.knownReplicas = [Endpoint(host: "redis-1", port: replica.port)]
        }
        world.kill(World.master)
        world.names = ["redis-0": [replica.host], "redis-1": [replica.host]]
        world.take(.resolved("redis-0", [replica.host]))
        world.take(.resolved("redis-1", [replica.host]))
        world.run(for: .seconds(5))
        world.names["redis-0"] = [World.master.host]
        return world
    }

    @Test func `does not keep from promotion who is there, once the name leads elsewhere`() {
        var world = deadMasterAstray()
        world.run(for: .seconds(40))
        #expect(world.steps.contains(.promoted))
        #expect(world.sentinel.remembered.masters[0].address == Endpoint(host: "redis-1", port: 6379))
    }

    @Test func `does not have the old master forgotten when the group moves to who is there`() {
        var world = deadMasterAstray()
        world.run(for: .seconds(2))
        let hello = Hello(
            sender: World.host(ofPeer: "b"), runID: World.id("b"), currentEpoch: Epoch(7), masterName: World.name,
            master: Endpoint(host: "redis-1", port: 6379), configEpoch: Epoch(7))
        for _ in 1...15 {
            _ = world.ask(.publishHello(hello))
            world.run(for: .seconds(2))
        }
        #expect(world.sentinel.remembered.masters[0].address.host == "redis-1")
        #expect(world.sentinel.remembered.masters[0].knownReplicas == [Self.named])
    }

    @Test func `that was never confirmed does not keep a dead master alive`() {
        var world = World(peers: "", quorum: 1, resolvesHostnames: true) { $0.address = Self.named }
        world.names["redis-0"] = [World.master.host]
        world.take(.resolved("redis-0", [World.master.host]))
        world.run(for: .seconds(12))
        let stranger = Endpoint(host: "10.0.7.1", port: 6379)
        world.names["redis-0"] = [stranger.host]
        world.kill(World.master)
        world.run(for: .seconds(5))
        #expect(world.connections.contains { $0.to == stranger })
        world.names["redis-0"] = [World.master.host]
        world.run(for: .seconds(30))
        #expect(world.steps.contains(.promoted))
    }
}
