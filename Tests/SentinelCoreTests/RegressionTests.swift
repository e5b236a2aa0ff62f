// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SentinelCore

/// What the simulation found; each with the seed that showed it, as far as later changes of the simulator leave it the
/// same. Source: Docs/simulation.md.
@Suite struct `Found by simulation` {
    private func hello(_ address: Endpoint, _ epoch: UInt64, from letter: Character = "b") -> Hello {
        Hello(
            sender: World.host(ofPeer: letter), runID: World.id(letter), currentEpoch: Epoch(epoch),
            masterName: World.name, master: address, configEpoch: Epoch(epoch))
    }

    /// A leader that has promoted the second replica and waits for the first to follow it.
    private func reconfiguring() -> World {
        var world = World()
        world.run(for: .seconds(5))
        world.letPeersAgree()
        world.kill(World.master)
        world.run(untilStep: .promoted)
        #expect(!world.steps.contains(.ended))
        return world
    }

    @Test func `a newer configuration that names the old master ends the move to the replica promoted here`() {
        var world = reconfiguring()
        _ = world.ask(.publishHello(hello(World.master, 9)))
        #expect(world.ask(.masterAddress(World.name)) == .address(World.master))
        let remembered = world.sentinel.remembered.masters[0]
        #expect(remembered.configEpoch == Epoch(9))
        #expect(remembered.address == World.master)
        #expect(world.sentinel.masters[world.sentinel.masterOrder[0]].failover == nil)
    }

    @Test func `an attempt older than the configuration is given up, and the config epoch stays`() {
        var world = World()
        world.run(for: .seconds(5))
        _ = world.ask(.failover(World.name))
        _ = world.ask(.publishHello(hello(World.master, 9)))
        world.run(for: .seconds(2), step: .milliseconds(5))
        #expect(world.sentinel.remembered.masters[0].configEpoch >= Epoch(9))
        #expect(world.ask(.masterAddress(World.name)) == .address(World.master))
    }

    @Test func `RESET after a promotion keeps the address that its config epoch stands for`() {
        var world = reconfiguring()
        let promoted = World.replicas[1]
        #expect(world.ask(.masterAddress(World.name)) == .address(promoted))
        _ = world.ask(.reset([World.name]))
        #expect(world.ask(.masterAddress(World.name)) == .address(promoted))
        #expect(world.events.contains(.masterSwitched(World.name, from: World.master, to: promoted)))
    }

    /// Seed 320000125: an address that went from one group to the other was both groups' master's for a while.
    @Test func `two groups with one master's address have one vote between them`() {
        var world = World()
        let other = MasterName("other")
        _ = world.ask(.monitor(other, World.master, quorum: 2))
        func ask(_ letter: Character, about address: Endpoint) -> Response? {
            world.ask(.isMasterDown(address, epoch: Epoch(5), candidate: World.id(letter)))
        }
        let vote = Response.opinion(isDown: false, leader: World.id("b"), epoch: Epoch(5))
        #expect(ask("b", about: World.master) == vote)
        // One of them moves on, and is asked about again.
        _ = world.ask(.publishHello(hello(World.replicas[0], 4)))
        let second = Response.opinion(isDown: false, leader: World.id("c"), epoch: Epoch(5))
        #expect(ask("c", about: World.replicas[0]) != second)
        #expect(ask("c", about: World.master) == vote)
    }

    @Test func `a group that was removed and added again has no second vote in an epoch`() {
        var world = World()
        func ask(_ letter: Character, _ epoch: UInt64) -> Response? {
            world.ask(.isMasterDown(World.master, epoch: Epoch(epoch), candidate: World.id(letter)))
        }
        #expect(ask("b", 3) == .opinion(isDown: false, leader: World.id("b"), epoch: Epoch(3)))
        _ = world.ask(.remove(World.name))
        _ = world.ask(.monitor(World.name, World.master, quorum: 2))
        #expect(ask("c", 3) == .opinion(isDown: false, leader: nil, epoch: Epoch(3)))
        #expect(ask("c", 4) == .opinion(isDown: false, leader: World.id("c"), epoch: Epoch(4)))
    }

    /// The order of the original's checks, which MONITOR's errors show.
    @Test func `a host that can't be used is told of before the port, and the port before the name`() {
        var world = World()
        func monitor(_ name: MasterName, _ host: String, _ port: Int) -> Response? {
            world.ask(.monitor(name, host: host, port: port, quorum: 2))
        }
        #expect(monitor(World.name, "not.an.address", 70_000) == .failed(.unresolvableHost))
        #expect(monitor(World.name, "127.0.0.1", 70_000) == .failed(.invalidPort))
        #expect(monitor(World.name, "127.0.0.1", 1) == .failed(.duplicateMaster))
    }

    @Test func `two addresses in one config epoch are settled by the one that sorts first, in a new epoch`() {
        var first = World()
        _ = first.ask(.publishHello(hello(World.replicas[0], 5)))
        _ = first.ask(.publishHello(hello(World.replicas[1], 5, from: "c")))
        #expect(first.sentinel.remembered.masters[0].address == World.replicas[0])
        #expect(first.sentinel.remembered.masters[0].configEpoch == Epoch(6))

        var second = World()
        _ = second.ask(.publishHello(hello(World.replicas[1], 5)))
        _ = second.ask(.publishHello(hello(World.replicas[0], 5, from: "c")))
        #expect(second.sentinel.remembered.masters[0].address == World.replicas[1])
        #expect(second.sentinel.remembered.masters[0].configEpoch == Epoch(5))
    }

    /// All others are of the original's kind and stay with what they have.
    @Test func `two addresses in one config epoch are settled by the other side if the first does not`() {
        var world = World()
        _ = world.ask(.publishHello(hello(World.replicas[1], 5)))
        for _ in 0..<6 {
            #expect(world.sentinel.remembered.masters[0].address == World.replicas[1])
            _ = world.ask(.publishHello(hello(World.replicas[0], 5, from: "c")))
            world.run(for: .seconds(2))
        }
        _ = world.ask(.publishHello(hello(World.replicas[0], 5, from: "c")))
        #expect(world.sentinel.remembered.masters[0].address == World.replicas[0])
        #expect(world.sentinel.remembered.masters[0].configEpoch == Epoch(6))
    }

    /// Seed 1000146072 of the simulation: one of the original's kind takes epochs but no address while it is in a
    /// failover of its own, and TILT holds that up; when it was ready nobody told it any more.
    @Test func `two addresses in one config epoch go on being settled, ever more rarely`() {
        var world = World()
        var settled: [Duration] = []
        _ = world.ask(.publishHello(hello(World.replicas[0], 5)))
        for second in stride(from: 0, to: 1200, by: 2) {
            let epoch = world.sentinel.remembered.masters[0].configEpoch
            _ = world.ask(.publishHello(hello(World.replicas[1], epoch.number, from: "c")))
            if world.sentinel.remembered.masters[0].configEpoch > epoch { settled.append(.seconds(second)) }
            world.run(for: .seconds(2), step: .milliseconds(500))
        }
        #expect(settled.first == .zero)
        #expect((6...12).contains(settled.count))
        #expect(settled.contains { $0 > .seconds(300) })
    }

    @Test func `an old hello in the config epoch of now moves nobody`() {
        var world = World()
        _ = world.ask(.publishHello(hello(World.replicas[1], 5)))
        for _ in 0..<4 {
            _ = world.ask(.publishHello(hello(World.replicas[0], 5, from: "c")))
            world.run(for: .seconds(6))
            _ = world.ask(.publishHello(hello(World.replicas[1], 5, from: "c")))
            world.run(for: .seconds(6))
        }
        #expect(world.sentinel.remembered.masters[0].address == World.replicas[1])
    }

    @Test func `an attempt under way settles the conflict itself, and the config epoch stays`() {
        var world = World()
        world.run(for: .seconds(5))
        _ = world.ask(.publishHello(hello(World.master, 5)))
        _ = world.ask(.failover(World.name))
        #expect(world.steps.last == .waitingForPromotion)
        _ = world.ask(.publishHello(hello(World.replicas[0], 5, from: "c")))
        let before = world.sentinel.remembered.masters[0].configEpoch
        world.run(for: .seconds(2), step: .milliseconds(5))
        #expect(world.steps.contains(.promoted))
        #expect(world.sentinel.remembered.masters[0].configEpoch > before)
        #expect(world.ask(.masterAddress(World.name)) == .address(World.replicas[1]))
    }

    @Test func `an epoch that only a configuration names is taken, so that the next attempt is newer`() {
        var world = World()
        var ahead = hello(World.master, 9)
        ahead.currentEpoch = Epoch(1)
        _ = world.ask(.publishHello(ahead))
        #expect(world.sentinel.currentEpoch == Epoch(9))
    }

    @Test func `a vote is given in an epoch that other groups have left behind`() {
        var world = World()
        _ = world.ask(.publishHello(hello(World.master, 0)))
        var far = hello(World.master, 0)
        far.currentEpoch = Epoch(8)
        _ = world.ask(.publishHello(far))
        #expect(world.sentinel.currentEpoch == Epoch(8))
        #expect(
            world.ask(.isMasterDown(World.master, epoch: Epoch(6), candidate: World.id("b")))
                == .opinion(isDown: false, leader: World.id("b"), epoch: Epoch(6)))
    }

    @Test func `no vote is given in an epoch that the configuration has left behind`() {
        var world = World()
        _ = world.ask(.publishHello(hello(World.master, 8)))
        #expect(
            world.ask(.isMasterDown(World.master, epoch: Epoch(8), candidate: World.id("b")))
                == .opinion(isDown: false, leader: nil, epoch: .zero))
    }

    @Test func `votes are asked for in the epoch of the attempt, whatever epoch others are in`() {
        var world = World(quorum: 1)
        world.run(for: .seconds(5))
        world.kill(World.master)
        world.run(untilStep: .tried)
        var far = hello(World.master, 0)
        far.currentEpoch = Epoch(8)
        _ = world.ask(.publishHello(far))
        world.run(for: .seconds(3))
        let epochs = world.sent.compactMap { request in
            if case .isMasterDown(_, let epoch, .some) = request { epoch } else { nil }
        }
        #expect(epochs.count > 2)
        #expect(epochs.allSatisfy { $0 == Epoch(1) })
    }

    @Test func `voters that refuse make a split vote, which is tried again soon`() {
        var world = World()
        world.run(for: .seconds(5))
        for letter in ["b", "c"] as [Character] {
            world.opinions[World.host(ofPeer: letter)] = { _ in Opinion(isDown: true, vote: nil) }
        }
        world.kill(World.master)
        world.run(for: .seconds(2), step: .milliseconds(1))
        #expect(world.steps.starts(with: [.tried, .notElected, .tried]))
    }

    @Test func `an answer about the address before says nothing about the new master`() throws {
        var world = World()
        world.run(for: .seconds(5))
        world.kill(World.master)
        world.run(for: .milliseconds(1100), step: .milliseconds(1))
        let peer = try #require(world.connection(to: World.host(ofPeer: "b")))
        _ = world.ask(.publishHello(hello(World.replicas[0], 5, from: "c")))
        world.take(.reply(peer, .opinion(Opinion(isDown: true, vote: nil))))
        let master = world.sentinel.masters[world.sentinel.masterOrder[0]]
        #expect(master.peers.allSatisfy { !$0.reportsMasterDown })
    }

    @Test func `a configuration's epoch has been, so no attempt takes a smaller one`() {
        var world = World()
        var late = hello(World.replicas[0], 7)
        late.currentEpoch = Epoch(2)
        _ = world.ask(.publishHello(late))
        #expect(world.sentinel.currentEpoch == Epoch(7))
        #expect(world.events.contains(.epochRaised(Epoch(7), World.name)))
    }

    @Test func `a node that refuses to be put right is told once in an INFO period, not with each INFO`() {
        var world = World(peers: "")
        world.refusing = Set(World.replicas)
        world.run(for: .seconds(5))
        world.following[World.replicas[0]] = nil
        world.run(for: .seconds(60))
        let orders = world.events.count { if case .convertedToReplica = $0 { true } else { false } }
        #expect((2...6).contains(orders))
        #expect(world.sent.count { $0 == .info } < 200)
    }

    @Test func `a down-after of one group does not hide good news from another with the same peer`() throws {
        var world = World(peers: "b")
        let other = MasterName("other")
        _ = world.ask(.monitor(other, Endpoint(host: "10.0.0.9", port: 6379), quorum: 1))
        _ = world.ask(
            .set(other, [OptionChange(.downAfter(.seconds(1)), name: "down-after-milliseconds", shown: "1000")]))
        var known = hello(Endpoint(host: "10.0.0.9", port: 6379), 0)
        known.masterName = other
        _ = world.ask(.publishHello(known))
        world.run(for: .seconds(3))
        world.kill(World.host(ofPeer: "b"))
        world.run(for: .seconds(3))
        // The first group now has more patience, and the peer is up for it, while it is still down for the other.
        let patient = OptionChange(.downAfter(.seconds(60)), name: "down-after-milliseconds", shown: "60000")
        _ = world.ask(.set(World.name, [patient]))
        let down = world.sentinel.masters[try #require(world.sentinel.masterByName[other])].peers[0]
        #expect(down.presence.isSdown)
        world.revive(World.host(ofPeer: "b"))
        world.take(.disconnected(try #require(world.connection(to: World.host(ofPeer: "b"))), reason: "refused"))
        world.answerAll()
        world.run(until: { $0.sentinel.links[down.presence.link].canSend }, step: .milliseconds(1), answering: false)
        world.answerAll()
        let up = world.sentinel.masters[try #require(world.sentinel.masterByName[other])].peers[0]
        #expect(!up.presence.isSdown)
    }

    @Test func `somebody else with our run ID is counted, and told of once`() {
        var world = World()
        world.run(for: .seconds(3))
        var own = hello(World.master, 0, from: "a")
        own.sender = Endpoint(host: "10.0.1.97", port: 26379)
        _ = world.ask(.publishHello(own))
        #expect(world.sentinel.counters.impostorHellos == 0)
        own.sender = Endpoint(host: "10.0.1.98", port: 26379)
        world.forget()
        for _ in 0..<3 { _ = world.ask(.publishHello(own)) }
        #expect(world.sentinel.counters.impostorHellos == 3)
        #expect(world.effects.count { $0 == .log(.identityTaken(own.sender)) } == 1)
        #expect(world.sentinel.remembered.masters[0].knownSentinels.map(\.runID) == [World.id("b"), World.id("c")])
    }
}

/// One address can be written in several ways.
@Suite struct `An IPv6 address` {
    @Test func `that a replica writes in another way than this sentinel is the same master`() {
        let master = Endpoint(host: "2001:db8::5", port: 6379)
        var world = World { $0.address = master }
        for replica in World.replicas { world.following[replica] = Endpoint(host: "2001:0db8:0::0005", port: 6379) }
        world.run(for: .seconds(40))
        #expect(!world.sent.contains { if case .replicate = $0 { true } else { false } })
        world.following[World.replicas[0]] = Endpoint(host: "2001:db8::6", port: 6379)
        world.run(for: .seconds(40))
        #expect(world.sent.contains { if case .replicate = $0 { true } else { false } })
    }
}
