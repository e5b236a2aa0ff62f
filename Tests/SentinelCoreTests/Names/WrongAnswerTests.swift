// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SentinelCore

/// What a resolver that is wrong for a while must not lead to. Source: design.md 7; found by the simulator.
///
/// Here: where the connections go.
@Suite struct `A wrong answer about a name` {
    static let named = Endpoint(host: "redis-0", port: 6379)

    /// Watches a master by its name, which stands for `World.master`.
    func world(announcesHostnames: Bool = true) -> World {
        var world = World(resolvesHostnames: true, announcesHostnames: announcesHostnames) { $0.address = Self.named }
        world.names["redis-0"] = [World.master.host]
        world.take(.resolved("redis-0", [World.master.host]))
        return world
    }

    /// Whom its name leads to in `astray()`, and who is listed there.
    static let wrong = Endpoint(host: "10.0.7.1", port: named.port)
    static let stranger = Endpoint(host: "10.0.7.2", port: 6379)

    /// Has just been started and knows no replica; the master's name led to another group's.
    func astray() -> World {
        var world = World(peers: "", quorum: 1, resolvesHostnames: true) { settings in
            settings.address = Self.named
            settings.knownReplicas = []
        }
        world.replicasOf = [Self.wrong: [Self.stranger]]
        world.names["redis-0"] = [Self.wrong.host]
        world.take(.resolved("redis-0", [Self.wrong.host]))
        world.run(for: .seconds(2))
        #expect(replicas(of: world) == [Self.stranger.host])
        return world
    }

    func host(of world: World) -> String? {
        world.sentinel.masters[world.sentinel.masterOrder[0]].presence.address.ip
    }

    func replicas(of world: World) -> [String] {
        world.sentinel.masters[world.sentinel.masterOrder[0]].replicas.compactMap(\.presence.address.ip)
    }

    private func isTried(_ endpoint: Endpoint, by world: World) -> Bool {
        world.connections.contains { $0.to == endpoint }
    }

    /// Seed 1000271305 of the simulation: by the name whoever was there was promoted, and whose name it was followed
    /// it.
    @Test func `is not confirmed by silence behind it, but the first answer ever is`() {
        var world = world()
        world.run(for: .seconds(4))
        world.names["redis-0"] = []
        world.run(for: .seconds(20))
        #expect(world.sentinel.names.isConfirmed("redis-0"))
        world.names["redis-0"] = ["10.0.0.66"]
        world.run(for: .seconds(11))
        #expect(world.sentinel.names.isChangeNew("redis-0"))
        world.names["redis-0"] = []
        world.run(for: .seconds(60))
        #expect(!world.sentinel.names.isConfirmed("redis-0"))
        world.names["redis-0"] = ["10.0.0.66"]
        world.run(for: .seconds(3))
        #expect(world.sentinel.names.isConfirmed("redis-0"))
    }

    @Test func `that comes late says what was true when it was asked for`() {
        var world = World(resolvesHostnames: true) { $0.address = Self.named }
        world.names["redis-0"] = ["10.0.0.66"]
        world.take(.resolved("redis-0", ["10.0.0.66"]))
        world.run(for: .seconds(7))
        world.names["redis-0"] = nil
        world.run(for: .seconds(5))
        world.take(.resolved("redis-0", ["10.0.0.66"]))
        #expect(!world.sentinel.names.isConfirmed("redis-0"))
        world.names["redis-0"] = ["10.0.0.66"]
        world.run(for: .seconds(3))
        #expect(world.sentinel.names.isConfirmed("redis-0"))
    }

    @Test func `that leads to another node is not followed, unless it stays`() {
        var world = world()
        world.run(for: .seconds(12))
        let other = Endpoint(host: World.replicas[0].host, port: Self.named.port)
        world.kill(World.master)
        world.names["redis-0"] = [other.host]
        world.run(for: .seconds(8))
        #expect(host(of: world) == World.master.host)
        world.run(for: .seconds(4))
        #expect(host(of: world) == other.host)
    }

    @Test func `that leads nowhere is tried at once, and is neither told nor remembered`() {
        var world = world(announcesHostnames: false)
        world.run(for: .seconds(12))
        let nowhere = Endpoint(host: "10.9.9.9", port: Self.named.port)
        world.kill(World.master)
        world.kill(nowhere)
        world.names["redis-0"] = [nowhere.host]
        world.run(for: .seconds(3))
        #expect(isTried(nowhere, by: world))
        #expect(world.ask(.masterAddress(World.name)) == .address(World.master))
        #expect(world.sentinel.remembered.masters[0].address == World.master)
    }

    /// Seed 410046812 of the simulator.
    @Test func `leaves the name in the file while nobody is there`() {
        var world = World(resolvesHostnames: true) { $0.address = Self.named }
        let nowhere = Endpoint(host: "10.9.9.9", port: Self.named.port)
        world.kill(nowhere)
        world.names["redis-0"] = [nowhere.host]
        world.take(.resolved("redis-0", [nowhere.host]))
        world.run(for: .seconds(30))
        #expect(world.ask(.masterAddress(World.name)) == .address(nowhere))
        #expect(world.sentinel.remembered.masters[0].address == Self.named)
        // Nor is the number told as what the config epoch stands for.
        let told = Set(world.sent.compactMap { if case .hello(let hello) = $0 { hello.master } else { nil } })
        #expect(told == [Self.named])
    }

    /// Seeds 410025467 and 410044461 of the simulator: the number was saved, and the name gone with a restart.
    @Test func `leaves the name in the file until it was given again`() {
        var world = world(announcesHostnames: false)
        world.run(for: .seconds(9))
        #expect(world.ask(.masterAddress(World.name)) == .address(World.master))
        #expect(world.sentinel.remembered.masters[0].address == Self.named)
        let saved = world.effects.count { if case .persist = $0 { true } else { false } }
        world.run(for: .seconds(3))
        #expect(world.sentinel.remembered.masters[0].address == World.master)
        #expect(world.effects.count { if case .persist = $0 { true } else { false } } > saved)
        // What was said of it before it was led elsewhere stays true of what is told.
        world.kill(World.master)
        world.kill(Endpoint(host: "10.9.9.9", port: Self.named.port))
        world.names["redis-0"] = ["10.9.9.9"]
        world.run(for: .seconds(20))
        #expect(world.sentinel.remembered.masters[0].address == World.master)
    }

    @Test func `that came first is left although somebody answers there, when it is not given again`() {
        var world = World(resolvesHostnames: true) { $0.address = Self.named }
        let wrong = Endpoint(host: "10.0.0.66", port: Self.named.port)
        world.take(.resolved("redis-0", [wrong.host]))
        world.names["redis-0"] = [World.master.host]
        world.run(for: .seconds(5))
        #expect(host(of: world) == wrong.host)
        world.run(for: .seconds(21))
        #expect(host(of: world) == World.master.host)
    }

    @Test func `about a connection that works changes nothing while nobody is there`() {
        var world = world()
        world.run(for: .seconds(12))
        let connection = world.connection(to: World.master)
        world.kill(Endpoint(host: "10.9.9.9", port: Self.named.port))
        world.names["redis-0"] = ["10.9.9.9"]
        world.run(for: .seconds(60))
        #expect(host(of: world) == World.master.host)
        #expect(connection != nil && world.connection(to: World.master) == connection)
    }

    /// Seed 430037496 of the simulation: given before and after the jump, it was taken for one that stayed.
    /// Seed 1000178650 of the simulation: two wrong answers, 10 seconds apart, made the wrong number the master's.
    @Test func `is not confirmed if another was given between`() {
        var world = world(announcesHostnames: false)
        world.run(for: .seconds(4))
        world.names["redis-0"] = ["10.0.7.1"]
        world.run(for: .seconds(3))
        world.names["redis-0"] = [World.master.host]
        world.run(for: .seconds(7))
        #expect(world.sentinel.remembered.masters[0].address == Self.named)
        world.run(for: .seconds(7))
        #expect(world.sentinel.remembered.masters[0].address == World.master)
    }

    @Test func `is not confirmed by a clock that jumps, and is left once the right one was given for a while`() {
        var world = World(peers: "", resolvesHostnames: true) { $0.address = Self.named }
        let wrong = Endpoint(host: "10.0.0.66", port: Self.named.port)
        world.names["redis-0"] = [wrong.host]
        world.take(.resolved("redis-0", [wrong.host]))
        world.run(for: .seconds(1))
        world.now = world.now + .seconds(12)
        world.run(for: .seconds(1))
        #expect(world.events.contains(.tiltEntered))
        #expect(!world.sentinel.names.isConfirmed("redis-0"))
        world.names["redis-0"] = [World.master.host]
        world.run(for: .seconds(32))
        #expect(host(of: world) == World.master.host)
    }

    /// Seed 902128 of the simulation: heard twice, it was taken for confirmed, and the node it led to stayed under it.
    @Test func `that was given again is left when the name goes on standing for the master`() {
        let (name, master) = ("redis-1", World.master)
        var world = World(peers: "", resolvesHostnames: true, announcesHostnames: true) { settings in
            settings.knownReplicas = [Endpoint(host: name, port: master.port)]
        }
        world.names[name] = [World.replicas[0].host]
        world.take(.resolved(name, [World.replicas[0].host]))
        world.run(for: .seconds(30))
        #expect(world.sentinel.remembered.masters[0].knownReplicas.contains { $0.host == name })
        world.names[name] = [master.host]
        world.run(for: .seconds(60))
        #expect(!world.sentinel.remembered.masters[0].knownReplicas.contains { $0.host == name })
    }

    /// Seed 350006678 of the simulation: given twice after a RESET had forgotten whose the address is.
    @Test func `about the master that leads to a replica is left once the right one was given for a while`() {
        let wrong = World.replicas[0]
        var world = World(peers: "", quorum: 2, resolvesHostnames: true) { settings in
            settings.address = Self.named
            settings.knownReplicas = []
        }
        world.names["redis-0"] = [wrong.host]
        world.take(.resolved("redis-0", [wrong.host]))
        world.run(for: .seconds(30))
        #expect(host(of: world) == wrong.host)
        world.names["redis-0"] = [World.master.host]
        world.run(for: .seconds(30))
        #expect(host(of: world) == World.master.host)
    }
}
