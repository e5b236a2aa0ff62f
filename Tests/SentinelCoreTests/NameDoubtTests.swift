// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SentinelCore

/// What a resolver that is wrong for a while must not lead to. Source: design.md 7; found by the simulator.
@Suite struct `A wrong answer about a name` {
    private static let named = Endpoint(host: "redis-0", port: 6379)

    /// Watches a master by its name, which stands for `World.master`.
    private func world(announcesHostnames: Bool = true) -> World {
        var world = World(resolvesHostnames: true, announcesHostnames: announcesHostnames) { $0.address = Self.named }
        world.names["redis-0"] = [World.master.host]
        world.take(.resolved("redis-0", [World.master.host]))
        return world
    }

    private func host(of world: World) -> String? {
        world.sentinel.masters[world.sentinel.masterOrder[0]].presence.address.ip
    }

    private func replicas(of world: World) -> [String] {
        world.sentinel.masters[world.sentinel.masterOrder[0]].replicas.compactMap(\.presence.address.ip)
    }

    private func isTried(_ endpoint: Endpoint, by world: World) -> Bool {
        world.connections.contains { $0.to == endpoint }
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

    @Test func `may have led to whoever is at a new address: it is not promoted before the answer was given again`() {
        let name = "redis-1"
        var world = World(peers: "", quorum: 1, resolvesHostnames: true) { settings in
            settings.knownReplicas = [Endpoint(host: name, port: 6379)]
        }
        world.names[name] = [World.replicas[0].host]
        world.take(.resolved(name, [World.replicas[0].host]))
        world.run(for: .seconds(12))
        let stranger = Endpoint(host: "10.0.0.66", port: 6379)
        world.following[stranger] = World.master
        world.names[name] = [stranger.host]
        world.kill(World.replicas[0])
        world.run(for: .seconds(2))
        #expect(world.connection(to: stranger) != nil)
        world.kill(World.master)
        world.run(for: .seconds(3))
        #expect(world.steps.contains(.noGoodReplica))
        #expect(!world.steps.contains(.selectedReplica))
        world.run(for: .seconds(20))
        #expect(world.steps.contains(.selectedReplica))
    }

    @Test func `a replica known by its address that the master's name leads to is no replica any more`() {
        var world = World(peers: "", resolvesHostnames: true, announcesHostnames: true) { $0.address = Self.named }
        #expect(world.sentinel.remembered.masters[0].knownReplicas.count == 2)
        world.names["redis-0"] = [World.replicas[0].host]
        world.take(.resolved("redis-0", [World.replicas[0].host]))
        #expect(world.sentinel.remembered.masters[0].knownReplicas == [World.replicas[1]])
        world.following[World.replicas[0]] = nil
        world.run(for: .seconds(40))
        #expect(world.following[World.replicas[0]] == nil)
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

    /// Seed 390003236 of the simulation: just after a start, when nothing is known to doubt the answer by.
    @Test func `does not get a stray master promoted, and a right one does not hold up a failover`() {
        func steps(following master: Endpoint?) -> [Event.FailoverStep] {
            let (name, node) = ("redis-1", Endpoint(host: "10.0.7.2", port: 6379))
            var world = World(peers: "", quorum: 1, resolvesHostnames: true) { settings in
                settings.knownReplicas = [Endpoint(host: name, port: 6379)]
            }
            world.names[name] = [node.host]
            world.following[node] = master
            world.take(.resolved(name, [node.host]))
            world.run(for: .seconds(1))
            world.kill(World.master)
            world.run(for: .seconds(4))
            return world.steps
        }
        #expect(steps(following: nil).contains(.noGoodReplica) && !steps(following: nil).contains(.selectedReplica))
        #expect(steps(following: World.master).contains(.selectedReplica))
    }

    /// Seed 370009997 of the simulation: a sentinel that joined while names led astray kept another group's replica.
    @Test func `about the master leaves no replicas behind that were heard of there`() {
        let wrong = Endpoint(host: "10.0.7.1", port: Self.named.port)
        let stranger = Endpoint(host: "10.0.7.2", port: 6379)
        var world = World(peers: "", resolvesHostnames: true) { settings in
            settings.address = Self.named
            settings.knownReplicas = [World.replicas[0]]
        }
        world.replicasOf = [wrong: [stranger], World.master: [World.replicas[1]]]
        world.take(.resolved("redis-0", [wrong.host]))
        world.run(for: .seconds(2))
        #expect(Set(replicas(of: world)) == [World.replicas[0].host, stranger.host])
        world.names["redis-0"] = [World.master.host]
        world.kill(wrong)
        world.run(for: .seconds(20))
        #expect(Set(world.sentinel.remembered.masters[0].knownReplicas) == Set(World.replicas))
    }

    /// Seed 1404596 of the simulation: a sentinel that started late, and knew the master that had been by its name.
    /// Seed 500059576 of the simulation: they were in the file when the sentinel crashed.
    @Test func `about the master has no replicas remembered before it was given again`() {
        var world = World(peers: "", resolvesHostnames: true, announcesHostnames: true) { settings in
            settings.address = Self.named
            settings.knownReplicas = [World.replicas[0]]
        }
        world.replicasOf = [World.master: World.replicas]
        world.names["redis-0"] = [World.master.host]
        world.take(.resolved("redis-0", [World.master.host]))
        world.run(for: .seconds(3))
        #expect(replicas(of: world) == World.replicas.map(\.host))
        #expect(world.sentinel.remembered.masters[0].knownReplicas == [World.replicas[0]])
        world.forget()
        world.run(for: .seconds(12))
        #expect(world.sentinel.remembered.masters[0].knownReplicas == World.replicas)
        #expect(world.effects.contains { if case .persist = $0 { true } else { false } })
    }

    /// Seed 460084467 of the simulation, again: an operator asked for a failover just after a start.
    @Test func `about the master that is there has nobody promoted who was heard of there, until it was given again`() {
        var world = World(peers: "", quorum: 1, resolvesHostnames: true) { settings in
            settings.address = Self.named
            settings.knownReplicas = []
        }
        world.replicasOf = [World.master: World.replicas]
        world.names["redis-0"] = [World.master.host]
        world.take(.resolved("redis-0", [World.master.host]))
        world.run(for: .seconds(3))
        var other = world
        #expect(world.ask(.failover(World.name)) == .ok)
        world.run(for: .seconds(3))
        #expect(world.steps.last == .selectingReplica)
        world.run(for: .seconds(12))
        #expect(world.steps.contains(.selectedReplica))

        other.kill(World.master)
        other.run(for: .seconds(3))
        #expect(other.steps.contains(.selectedReplica))
    }

    /// Seed 530029042 of the simulation: the master was down, and whoever its name led to then was told to follow the new.
    @Test func `about the master that is replaced has nobody demoted`() {
        let stranger = Endpoint(host: "10.0.7.1", port: 6379)
        var world = World(peers: "", quorum: 1, resolvesHostnames: true, announcesHostnames: true) {
            $0.address = Self.named
        }
        world.names["redis-0"] = [World.master.host]
        world.take(.resolved("redis-0", [World.master.host]))
        world.run(for: .seconds(12))
        world.names["redis-0"] = [stranger.host]
        world.cut(World.master)
        world.run(for: .seconds(2))
        #expect(world.connection(to: stranger) != nil)
        _ = world.ask(.failover(World.name))
        world.run(for: .seconds(3))
        #expect(world.steps.last == .ended)
        #expect(world.following[stranger] == nil)
    }

    /// Seed 530127664 of the simulation: a replica was promoted that had been without its master for long.
    @Test func `about the master that leads to a replica does not make a circle of them`() {
        var world = World(peers: "", quorum: 1, resolvesHostnames: true) { $0.address = Self.named }
        let wrong = Endpoint(host: "10.0.0.66", port: 6379)
        world.following[wrong] = World.replicas[0]
        world.withoutMasterSince = world.now - .seconds(60)
        world.names["redis-0"] = [wrong.host]
        world.take(.resolved("redis-0", [wrong.host]))
        world.run(for: .seconds(2))
        for node in World.replicas { world.following[node] = wrong }
        world.names["redis-0"] = nil
        world.run(for: .seconds(30))
        world.kill(wrong)
        world.run(for: .seconds(5))
        #expect(world.steps.contains(.noGoodReplica) && !world.steps.contains(.selectedReplica))
    }

    /// Seed 500106541 of the simulation: during an attempt the master's name came to lead to a number by which it was known
    /// as a replica; that was promoted, and told to follow itself.
    @Test func `a replica that turns out to be the master during an attempt is not promoted`() throws {
        var world = World(resolvesHostnames: true, announcesHostnames: true) { $0.address = Self.named }
        let node = World.replicas[0]
        world.opinions[World.host(ofPeer: "b")] = { _ in Opinion(isDown: true, vote: nil) }
        world.kill(World.replicas[1])
        world.run(for: .seconds(3))
        #expect(world.steps == [.tried])
        world.take(.resolved("redis-0", [node.host]))
        let late = try #require(world.connection(to: World.host(ofPeer: "c")))
        let vote = Vote(candidate: World.myID, epoch: world.sentinel.currentEpoch)
        world.take(.reply(late, .opinion(Opinion(isDown: true, vote: vote))))
        world.run(for: .seconds(1))
        #expect(world.steps.contains(.noGoodReplica) && !world.steps.contains(.selectedReplica))
    }

    /// Seed 460084467 of the simulation: just after a start; one of them was promoted in the next failover.
    @Test func `about the master leaves no replicas behind when the group moves away meanwhile`() {
        let (wrong, new) = (Endpoint(host: "10.0.7.1", port: Self.named.port), World.replicas[1])
        let stranger = Endpoint(host: "10.0.7.2", port: 6379)
        var world = World(resolvesHostnames: true) { settings in
            settings.address = Self.named
            settings.knownReplicas = [World.replicas[0]]
        }
        world.replicasOf = [wrong: [stranger]]
        world.names["redis-0"] = [wrong.host]
        world.take(.resolved("redis-0", [wrong.host]))
        world.run(for: .seconds(2))
        #expect(Set(replicas(of: world)) == [World.replicas[0].host, stranger.host])
        let hello = Hello(
            sender: World.host(ofPeer: "b"), runID: World.id("b"), currentEpoch: Epoch(5), masterName: World.name,
            master: new, configEpoch: Epoch(5))
        _ = world.ask(.publishHello(hello))
        #expect(world.ask(.masterAddress(World.name)) == .address(new))
        #expect(world.sentinel.remembered.masters[0].knownReplicas == [World.replicas[0], Self.named])
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

    /// Seeds 430012260 and 430012361 of the simulator: it was told to follow itself.
    @Test func `about the master does not have a node put right before it was given again`() {
        var world = World(peers: "", resolvesHostnames: true, announcesHostnames: true) { $0.address = Self.named }
        let wrong = Endpoint(host: "10.0.0.66", port: 6379)
        world.names["redis-0"] = [wrong.host]
        world.take(.resolved("redis-0", [wrong.host]))
        world.following[World.replicas[0]] = nil
        world.run(for: .seconds(10))
        #expect(world.following[World.replicas[0]] == nil)
        world.run(for: .seconds(20))
        #expect(world.following[World.replicas[0]] == Self.named)
    }

    /// Seed 430027286 of the simulation: another group's node was told to follow the master of this one.
    @Test func `about a replica does not have whoever is there follow the new master before it was given again`() {
        let name = "redis-9"
        let (stranger, elsewhere) = (Endpoint(host: "10.0.7.2", port: 6379), Endpoint(host: "10.0.7.1", port: 6379))
        var world = World(peers: "", quorum: 1, resolvesHostnames: true) { settings in
            settings.knownReplicas = [World.replicas[0], Endpoint(host: name, port: 6379)]
        }
        world.names[name] = [stranger.host]
        world.following[stranger] = elsewhere
        world.take(.resolved(name, [stranger.host]))
        world.run(for: .seconds(1))
        world.kill(World.master)
        world.run(for: .seconds(5))
        #expect(world.steps.contains(.promoted))
        #expect(world.following[stranger] == elsewhere)
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
