// SPDX-License-Identifier: Apache-2.0

// What is told, and what configuration an epoch stands for.

import Testing

@testable import SentinelCore

extension `A wrong answer about a name` {
    /// It would be held down there, and replaced though it is well.
    @Test func `about the new master does not have a connection given up that works`() {
        let replica = Endpoint(host: "redis-1", port: World.replicas[0].port)
        let nowhere = Endpoint(host: "10.9.9.9", port: replica.port)
        var world = World(resolvesHostnames: true, announcesHostnames: true) { $0.knownReplicas = [replica] }
        world.names["redis-1"] = [World.replicas[0].host]
        world.take(.resolved("redis-1", [World.replicas[0].host]))
        world.run(for: .seconds(12))
        world.kill(nowhere)
        world.names["redis-1"] = [nowhere.host]
        world.run(for: .seconds(11))
        world.following[World.replicas[0]] = nil
        _ = world.ask(
            .publishHello(
                Hello(
                    sender: World.host(ofPeer: "b"), runID: World.id("b"), currentEpoch: Epoch(5),
                    masterName: World.name, master: replica, configEpoch: Epoch(5))))
        #expect(host(of: world) == World.replicas[0].host)
        world.run(for: .seconds(5))
        #expect(host(of: world) == World.replicas[0].host)
        #expect(!world.sentinel.masters[world.sentinel.masterOrder[0]].presence.isSdown)
    }

    @Test func `that leads to the new master does not make the old one's name its name`() {
        var world = World(resolvesHostnames: true, announcesHostnames: true) { settings in
            settings.address = Self.named
            settings.knownReplicas = []
        }
        world.take(.resolved("redis-0", [World.master.host]))
        world.names["redis-0"] = [World.master.host]
        world.run(for: .seconds(12))
        world.kill(World.master)
        let new = Endpoint(host: "10.0.0.66", port: Self.named.port)
        world.names["redis-0"] = [new.host]
        world.run(for: .seconds(3))
        #expect(host(of: world) == new.host)
        _ = world.ask(
            .publishHello(
                Hello(
                    sender: World.host(ofPeer: "b"), runID: World.id("b"), currentEpoch: Epoch(5),
                    masterName: World.name, master: new, configEpoch: Epoch(5))))
        #expect(world.ask(.masterAddress(World.name)) == .address(new))
    }

    /// Seed 310006336: the epoch was taken, and what it stood for could not be heard any more.
    @Test func `that makes a newer configuration look like the old one does not have its epoch taken`() {
        let right = Endpoint(host: "10.0.0.66", port: 6379)
        var world = World(resolvesHostnames: true, announcesHostnames: true)
        world.run(for: .seconds(3))
        world.names["redis-9"] = [World.master.host]
        world.take(.resolved("redis-9", [World.master.host]))
        let hello = Hello(
            sender: World.host(ofPeer: "b"), runID: World.id("b"), currentEpoch: Epoch(5), masterName: World.name,
            master: Endpoint(host: "redis-9", port: 6379), configEpoch: Epoch(5))
        _ = world.ask(.publishHello(hello))
        #expect(world.ask(.masterAddress(World.name)) == .address(World.master))
        world.names["redis-9"] = [right.host]
        for _ in 0..<12 {
            world.run(for: .seconds(2))
            _ = world.ask(.publishHello(hello))
        }
        #expect(world.ask(.masterAddress(World.name)) == .address(Endpoint(host: "redis-9", port: 6379)))
        #expect(host(of: world) == right.host)
    }

    /// Seed 430024947 of the simulator.
    @Test func `that has our name stand for what a newer configuration says does not have its epoch taken`() {
        let right = Endpoint(host: "10.0.0.66", port: 6379)
        var world = World(resolvesHostnames: true, announcesHostnames: true) { $0.address = Self.named }
        world.names["redis-0"] = [right.host]
        world.take(.resolved("redis-0", [right.host]))
        world.run(for: .seconds(1))
        let hello = Hello(
            sender: World.host(ofPeer: "b"), runID: World.id("b"), currentEpoch: Epoch(5), masterName: World.name,
            master: right, configEpoch: Epoch(5))
        _ = world.ask(.publishHello(hello))
        world.names["redis-0"] = [World.master.host]
        for _ in 0..<20 {
            world.run(for: .seconds(2))
            _ = world.ask(.publishHello(hello))
        }
        #expect(world.ask(.masterAddress(World.name)) == .address(right))
    }

    /// Seed 480026968 of the simulation: one sentinel's master was a number, the others' a name, for ever.
    @Test func `does not settle what configuration an epoch stands for, but a name that is certain does`() {
        let number = Endpoint(host: "10.0.0.66", port: Self.named.port)
        var world = world()
        let hello = Hello(
            sender: World.host(ofPeer: "b"), runID: World.id("b"), currentEpoch: Epoch(5), masterName: World.name,
            master: number, configEpoch: Epoch(5))
        _ = world.ask(.publishHello(hello))
        let same = Hello(
            sender: World.host(ofPeer: "c"), runID: World.id("c"), currentEpoch: Epoch(5), masterName: World.name,
            master: Self.named, configEpoch: Epoch(5))
        _ = world.ask(.publishHello(same))
        #expect(world.sentinel.remembered.masters[0].configEpoch == Epoch(5))
        world.run(for: .seconds(12))
        _ = world.ask(.publishHello(same))
        #expect(world.sentinel.remembered.masters[0].address == number)
        #expect(world.sentinel.remembered.masters[0].configEpoch == Epoch(6))
    }

    /// Seed 500164511 of the simulation: the number was taken for a configuration of its own, and won.
    @Test func `about the master is told as the name and not as the number`() throws {
        var world = world(announcesHostnames: false)
        world.run(for: .seconds(3))
        func told() -> Endpoint? {
            world.sent.reversed().lazy.compactMap { if case .hello(let hello) = $0 { hello.master } else { nil } }.first
        }
        #expect(told() == Self.named)
        world.run(for: .seconds(12))
        #expect(told() == World.master)
    }

    @Test func `a newer configuration that names another host is another one, wherever that name leads`() throws {
        var world = world()
        world.run(for: .seconds(3))
        world.names["redis-9"] = [World.master.host]
        let hello = Hello(
            sender: World.host(ofPeer: "b"), runID: World.id("b"), currentEpoch: Epoch(5), masterName: World.name,
            master: Endpoint(host: "redis-9", port: 6379), configEpoch: Epoch(5))
        // Doubted at first, for the address is the master's.
        for _ in 0..<8 {
            _ = world.ask(.publishHello(hello))
            world.run(for: .seconds(2))
        }
        #expect(world.ask(.masterAddress(World.name)) == .address(Endpoint(host: "redis-9", port: 6379)))
    }
}
