// SPDX-License-Identifier: Apache-2.0

// Who is promoted, ordered about and remembered.

import Testing

@testable import SentinelCore

extension `A wrong answer about a name` {
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

    /// Seed 1000137927 of the simulation: a newer configuration had moved the group to a name that led astray.
    @Test func `about the new master has no replicas remembered before it was given again`() {
        let (elsewhere, stranger) = (Endpoint(host: "10.0.7.1", port: 6379), Endpoint(host: "10.0.7.2", port: 6379))
        var world = world()
        world.names["redis-1"] = [elsewhere.host]
        world.replicasOf = [elsewhere: [stranger]]
        world.run(for: .seconds(12))
        let hello = Hello(
            sender: World.host(ofPeer: "b"), runID: World.id("b"), currentEpoch: Epoch(5), masterName: World.name,
            master: Endpoint(host: "redis-1", port: 6379), configEpoch: Epoch(5))
        _ = world.ask(.publishHello(hello))
        world.run(for: .seconds(2))
        #expect(replicas(of: world).contains(stranger.host))
        #expect(!world.sentinel.remembered.masters[0].knownReplicas.contains(stranger))
        #expect(world.sentinel.remembered.masters[0].knownReplicas.contains(Self.named))
        world.run(for: .seconds(12))
        #expect(world.sentinel.remembered.masters[0].knownReplicas.contains(stranger))
    }

    /// Seed 602002626 of the simulation: the resolver was silent from then on, and none of the sentinels had in its
    /// file who had been promoted.
    @Test func `about the master has replicas remembered after a while in which nobody answered`() {
        var world = world()
        world.replicasOf = [World.master: World.replicas]
        _ = world.ask(.reset([World.name]))
        world.names["redis-0"] = []
        world.run(for: .seconds(18))
        #expect(replicas(of: world) == World.replicas.map(\.host))
        #expect(world.sentinel.remembered.masters[0].knownReplicas.isEmpty)
        world.forget()
        world.run(for: .seconds(12))
        #expect(world.sentinel.remembered.masters[0].knownReplicas == World.replicas)
        #expect(world.effects.contains { if case .persist = $0 { true } else { false } })
    }

    @Test(arguments: [true, false])
    func `about the master has no replicas remembered before it was given again, after RESET and MONITOR`(
        isReset: Bool
    ) {
        var world = world()
        world.replicasOf = [World.master: World.replicas]
        if isReset {
            _ = world.ask(.reset([World.name]))
        } else {
            _ = world.ask(.remove(World.name))
            _ = world.ask(.monitor(World.name, Self.named, quorum: 1))
        }
        world.run(for: .seconds(2))
        #expect(!replicas(of: world).isEmpty)
        #expect(world.sentinel.remembered.masters[0].knownReplicas.isEmpty)
        world.run(for: .seconds(12))
        #expect(!world.sentinel.remembered.masters[0].knownReplicas.isEmpty)
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

    /// Seed 1000155022 of the simulation: the name was answered otherwise, where nobody was, while an operator's
    /// failover waited for it to be confirmed; so the master was down.
    @Test func `about the master has nobody promoted who was heard of there, once it was given otherwise`() {
        var world = astray()
        world.run(for: .seconds(1))
        #expect(world.ask(.failover(World.name)) == .ok)
        world.names["redis-0"] = [World.master.host]
        world.kill(World.master)
        world.kill(Self.wrong)
        world.run(for: .seconds(30))
        #expect(!world.steps.contains(.selectedReplica))
        #expect(world.steps.contains(.noGoodReplica))
    }

    /// Seed 600400616 of the simulation: just after a start two names were answered with one address; the wrong one
    /// came first and was believed, and then whoever is there died.
    @Test func `about the master has nobody promoted who was heard of there, while another name leads there too`() {
        let (wrong, other) = (Self.wrong, Endpoint(host: "10.0.7.3", port: 6379))
        var world = astray()
        world.names["redis-9"] = [other.host]
        _ = world.ask(.monitor(MasterName("other"), Endpoint(host: "redis-9", port: 6379), quorum: 1))
        world.run(for: .seconds(2))
        #expect(replicas(of: world) == [Self.stranger.host])
        var alone = world
        world.names["redis-9"] = [wrong.host]
        world.kill(other)
        world.run(for: .seconds(2))
        world.kill(wrong)
        world.run(for: .seconds(4))
        #expect(!world.steps.contains(.selectedReplica))
        #expect(world.steps.contains(.noGoodReplica))

        alone.run(for: .seconds(2))
        alone.kill(wrong)
        alone.run(for: .seconds(4))
        #expect(alone.steps.contains(.selectedReplica))
    }

    /// Seed 530029042 of the simulation: the master was down, and whoever its name led to then was told to follow the
    /// new.
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

    /// The right one was given by then, and there is nobody to list him again.
    @Test func `about the master that led to a replica does not have it forgotten once it was given otherwise`() {
        let replica = Endpoint(host: "redis-1", port: World.replicas[0].port)
        var world = World(resolvesHostnames: true, announcesHostnames: true) { settings in
            settings.address = Self.named
            settings.knownReplicas = [replica]
        }
        world.kill(World.master)
        for name in ["redis-0", "redis-1"] {
            world.names[name] = [World.replicas[0].host]
            world.take(.resolved(name, [World.replicas[0].host]))
        }
        world.run(for: .seconds(5))
        world.names["redis-0"] = [World.master.host]
        world.run(for: .seconds(20))
        #expect(world.sentinel.remembered.masters[0].knownReplicas == [replica])
    }

    /// Another replica of the group was promoted under its name, which the configuration was then.
    @Test func `about a replica does not have whoever is there promoted on request before it was given again`() {
        let named = Endpoint(host: "redis-1", port: World.replicas[0].port)
        var world = World(resolvesHostnames: true) { $0.knownReplicas = [named] }
        world.names["redis-1"] = [World.replicas[0].host]
        world.take(.resolved("redis-1", [World.replicas[0].host]))
        world.run(for: .seconds(3))
        #expect(world.ask(.failover(World.name)) == .ok)
        world.run(for: .seconds(5))
        #expect(world.steps.last == .selectingReplica)
        world.run(for: .seconds(6))
        #expect(world.steps.contains(.promoted))
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

    /// Seed 500106541 of the simulation: during an attempt the master's name came to lead to a number by which it was
    /// known as a replica; that was promoted, and told to follow itself.
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

    /// Seed 6300141047 of the simulation: just after a start two names were answered with one address, and the wrong
    /// one came first; nobody answered for so long then that it counted as given again, and another group's master was
    /// told to follow the new one of this group.
    @Test func `about a replica is not confirmed by silence while another name leads there too`() {
        let (name, stranger) = ("redis-9", Endpoint(host: "10.0.7.2", port: 6379))
        let other = Endpoint(host: "10.0.7.3", port: 6379)
        var world = World(peers: "", quorum: 1, resolvesHostnames: true) { settings in
            settings.knownReplicas = [World.replicas[0], Endpoint(host: name, port: 6379)]
        }
        world.names = [name: [stranger.host], "redis-8": [other.host]]
        world.take(.resolved(name, [stranger.host]))
        _ = world.ask(.monitor(MasterName("other"), Endpoint(host: "redis-8", port: 6379), quorum: 1))
        world.run(for: .seconds(1))
        var alone = world
        world.names["redis-8"] = [stranger.host]
        world.kill(other)
        world.run(for: .seconds(3))
        world.names = [name: [], "redis-8": []]
        world.run(for: .seconds(25))
        #expect(!world.sentinel.names.isConfirmed(name))
        world.kill(World.master)
        world.run(for: .seconds(20))
        #expect(world.steps.contains(.promoted))
        #expect(world.following[stranger] == nil)

        alone.names[name] = []
        alone.run(for: .seconds(28))
        #expect(alone.sentinel.names.isConfirmed(name))
    }

    /// Seed 6100222646 of the simulation: the replica was looked for at the master, again and again, and was not to be
    /// promoted when the master died.
    @Test func `that was given long ago is not where a replica is looked for that is listed now`() {
        var world = World(resolvesHostnames: true, announcesHostnames: true)
        world.names["redis-5"] = [World.master.host]
        _ = world.ask(
            .publishHello(
                Hello(
                    sender: World.host(ofPeer: "b"), runID: World.id("b"), currentEpoch: .zero, masterName: World.name,
                    master: Endpoint(host: "redis-5", port: 6379), configEpoch: .zero)))
        world.run(for: .seconds(20))
        world.names["redis-5"] = [World.replicas[0].host]
        world.replicasOf[World.master] = [Endpoint(host: "redis-5", port: 6379), World.replicas[1]]
        world.forget()
        world.run(for: .seconds(30))
        #expect(world.events.isEmpty)
        #expect(
            world.sentinel.masters[world.sentinel.masterOrder[0]].replicas.map(\.presence.address.host)
                == World.replicas.map(\.host))
    }
}
