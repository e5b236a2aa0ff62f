// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SentinelCore

/// Source: spec/monitoring.md 9b; spec/defects.md 24, 25, 27, 29, 32; design.md 7.
@Suite struct `Names` {
    private static let named = Endpoint(host: "redis-0.redis", port: 6379)

    /// Watches a master by its name, which is resolved only if `answer` says to what.
    private func world(_ answer: [String]? = ["10.0.0.1"], announcesHostnames: Bool = false) -> World {
        var world = World(resolvesHostnames: true, announcesHostnames: announcesHostnames) { $0.address = Self.named }
        world.names["redis-0.redis"] = answer
        if let answer { world.take(.resolved("redis-0.redis", answer)) }
        return world
    }

    private func hello(_ master: Endpoint, _ epoch: UInt64, sender: Endpoint = World.host(ofPeer: "b")) -> Hello {
        Hello(
            sender: sender, runID: World.id("b"), currentEpoch: Epoch(epoch), masterName: World.name, master: master,
            configEpoch: Epoch(epoch))
    }

    /// Seed 330003623 of the simulation: what was being connected when the node moved went on, and nothing else.
    @Test func `of a node that moved is followed if half of the link can't be made where it was`() throws {
        let named = Endpoint(host: "redis-0", port: 6379)
        var world = World(resolvesHostnames: true, announcesHostnames: true) { $0.address = named }
        world.names["redis-0"] = [World.master.host]
        world.take(.resolved("redis-0", [World.master.host]))
        world.run(for: .seconds(12))
        let hello = try #require(world.connection(to: World.master, .hello))
        let new = Endpoint(host: "10.0.0.66", port: 6379)
        world.refuseNew(World.master)
        world.names["redis-0"] = [new.host]
        world.take(.disconnected(hello, reason: "closed"))
        world.run(for: .seconds(40))
        #expect(world.connection(to: new, .command) != nil && world.connection(to: new, .hello) != nil)
    }

    @Test func `in use are not forgotten for names that strangers mention`() {
        var world = world()
        world.run(for: .seconds(12))
        for number in 0..<5000 {
            let stranger = Endpoint(host: "stranger-\(number)", port: 1)
            world.names[stranger.host] = ["10.9.9.9"]
            _ = world.ask(.isMasterDown(stranger, epoch: .zero, candidate: nil))
        }
        #expect(world.sentinel.names.isConfirmed(Self.named.host))
        #expect(world.sentinel.names.addresses(of: "stranger-4999") == ["10.9.9.9"])
        #expect(world.sentinel.names.addresses(of: "stranger-0").isEmpty)
    }

    @Test func `are not written into the file once they are not resolved any more`() {
        var world = world(announcesHostnames: true)
        world.run(for: .seconds(12))
        #expect(world.sentinel.remembered.masters[0].address == Self.named)
        _ = world.ask(.configure([.resolvesHostnames(false)]))
        #expect(world.sentinel.remembered.masters[0].address == World.master)
    }

    @Test func `a master with a name is watched where the name leads, and nothing waits while it is asked about`() {
        var world = world(nil)
        #expect(world.effects.contains(.resolve("redis-0.redis")))
        world.run(for: .seconds(3))
        #expect(world.connection(to: World.replicas[0]) != nil)
        #expect(world.connection(to: World.master) == nil)
        #expect(world.ask(.masterAddress(World.name)) == .address(Self.named))
        world.take(.resolved("redis-0.redis", ["10.0.0.1"]))
        #expect(world.connection(to: World.master) != nil)
        #expect(world.ask(.masterAddress(World.name)) == .address(World.master))
        world.run(for: .seconds(2))
        #expect(world.effects.count { $0 == .resolve("redis-0.redis") } == 1)
    }

    @Test(arguments: [(true, World.master), (false, World.master)])
    func `replies, hellos and the file hold the name if it is to be announced, else the address`(
        announces: Bool, address: Endpoint
    ) {
        var world = world(announcesHostnames: announces)
        world.run(for: .seconds(12))
        let shown = announces ? Self.named : address
        #expect(world.ask(.masterAddress(World.name)) == .address(shown))
        #expect(world.sentinel.remembered.masters[0].address == shown)
        #expect(world.sentinel.label(world.sentinel.masterOrder[0]).address == shown)
        #expect(
            world.sent.contains { if case .hello(let hello) = $0 { hello.master == shown } else { false } })
    }

    @Test func `a name is asked about again when its connection ends, and the link goes where it leads by then`() throws
    {
        var world = world()
        world.run(for: .seconds(12))
        world.names["redis-0.redis"] = ["10.0.0.77"]
        world.kill(World.master)
        world.run(for: .milliseconds(1100))
        #expect(world.connection(to: Endpoint(host: "10.0.0.77", port: 6379)) != nil)
        #expect(world.ask(.masterAddress(World.name)) == .address(Endpoint(host: "10.0.0.77", port: 6379)))
        world.revive(Endpoint(host: "10.0.0.77", port: 6379))
        world.run(for: .seconds(12))
        #expect(world.sentinel.remembered.masters[0].address.host == "10.0.0.77")
    }

    @Test func `a name that ceases to resolve is taken for what it last stood for, and that is logged once`() throws {
        var world = world()
        world.run(for: .seconds(5))
        world.names["redis-0.redis"] = []
        world.take(.disconnected(try #require(world.connection(to: World.master)), reason: "closed"))
        world.run(for: .seconds(5))
        #expect(world.connection(to: World.master) != nil)
        world.kill(World.master)
        world.run(for: .seconds(5))
        #expect(world.effects.count { $0 == .log(.unresolvedHost("redis-0.redis")) } == 1)
    }

    @Test func `a name that stands for several addresses is tried at each, and the one that answers is kept`() {
        var world = world(nil)
        let first = Endpoint(host: "fd00::1", port: 6379)
        world.kill(first)
        world.names["redis-0.redis"] = [first.host, "10.0.0.1"]
        world.take(.resolved("redis-0.redis", [first.host, "10.0.0.1"]))
        for connection in world.connections where connection.to == first {
            world.take(.disconnected(connection.id, reason: "refused"))
        }
        world.run(for: .seconds(2))
        #expect(world.connection(to: World.master) != nil)
        #expect(world.ask(.masterAddress(World.name)) == .address(World.master))
    }

    @Test func `a connection that works is left for one of the addresses that a name goes on standing for, in turn`() {
        var world = world()
        world.run(for: .seconds(12))
        let (dead, alive) = (Endpoint(host: "10.0.0.66", port: 6379), Endpoint(host: "10.0.0.67", port: 6379))
        world.kill(dead)
        world.names["redis-0.redis"] = [dead.host, alive.host]
        world.run(for: .seconds(60))
        #expect(world.connection(to: World.master) == nil)
        #expect(world.connection(to: alive, .command) != nil && world.connection(to: alive, .hello) != nil)
        #expect(!world.connections.contains { $0.to == dead })
        #expect(!world.events.contains { if case .sdown(let label) = $0 { label.kind == .master } else { false } })
    }

    /// Seed 1000008616 of the simulation: a replica that came back under a name of long ago was not promoted.
    @Test func `what was said of a name that nobody used since makes no change of what is said now`() {
        func isChangeNew(after pause: Duration) -> Bool {
            var names = SentinelCore.Names()
            for (address, time) in [("10.0.0.1", Instant.start), ("10.0.0.2", .start + pause)] {
                _ = names.answer("redis-1", [address], isDoubtful: false, isShared: false, at: time)
            }
            return names.isChangeNew("redis-1")
        }
        #expect(isChangeNew(after: .seconds(20)))
        #expect(!isChangeNew(after: .seconds(40)))
    }

    @Test func `MONITOR of a name waits for its address, and fails without one`() {
        var world = World(resolvesHostnames: true)
        let (good, bad) = (Endpoint(host: "good", port: 1), Endpoint(host: "bad", port: 1))
        #expect(world.ask(.monitor(MasterName("one"), good, quorum: 1)) == nil)
        let first = world.lastRequest
        #expect(world.ask(.monitor(MasterName("two"), bad, quorum: 1)) == nil)
        let second = world.lastRequest
        world.take(.resolved("good", ["10.0.0.50"]))
        world.take(.resolved("bad", []))
        #expect(world.answer(to: first) == .ok)
        #expect(world.answer(to: second) == .failed(.unresolvableHost))
        #expect(world.sentinel.masterNames == [World.name, MasterName("one")])
    }

    @Test func `names go on being resolved while somebody is known by his name alone`() throws {
        var world = world(nil)
        let options: [SentinelOption] = [.announceHost("10.9.9.9"), .resolvesHostnames(false)]
        #expect(world.ask(.configure(options)) == .failed(.nameInUse("redis-0.redis")))
        #expect(world.sentinel.remembered.resolvesHostnames && world.sentinel.remembered.announceHost != "10.9.9.9")
        world.take(.resolved("redis-0.redis", ["10.0.0.1"]))
        #expect(world.ask(.configure(options)) == .ok)
        #expect(!world.sentinel.remembered.resolvesHostnames)
        #expect(world.sentinel.remembered.masters[0].address.host == "10.0.0.1")
    }

    @Test func `without resolve-hostnames a name is refused`() {
        var world = World()
        #expect(
            world.ask(.monitor(MasterName("one"), Self.named, quorum: 1)) == .failed(.unresolvableHost))
        #expect(!world.effects.contains(.resolve("redis-0.redis")))
    }

    @Test func `replicas that INFO calls by name are added once the name is known`() throws {
        var world = World(peers: "", resolvesHostnames: true)
        var report = world.info(of: World.master)
        report.replicas = [Endpoint(host: "redis-7", port: 6379), Endpoint(host: "redis-8", port: 6379)]
        world.take(.reply(try #require(world.connection(to: World.master)), .info(report)))
        #expect(world.sentinel.remembered.masters[0].knownReplicas == World.replicas)
        world.take(.resolved("redis-7", ["10.0.0.7"]))
        // The one that is known already, under its other name.
        world.take(.resolved("redis-8", [World.replicas[0].host]))
        world.take(.woken)
        world.take(.reply(try #require(world.connection(to: World.master)), .info(report)))
        let seventh = Endpoint(host: "redis-7", port: 6379)
        #expect(world.sentinel.remembered.masters[0].knownReplicas == World.replicas + [seventh])
    }

    @Test func `a replica remembered by name is dropped when it turns out to be known by its address`() {
        var world = World(resolvesHostnames: true) { settings in
            settings.knownReplicas.append(Endpoint(host: "redis-1", port: World.replicas[0].port))
        }
        #expect(world.sentinel.remembered.masters[0].knownReplicas.count == 3)
        world.names["redis-1"] = [World.replicas[0].host]
        world.take(.resolved("redis-1", [World.replicas[0].host]))
        // One answer may be wrong.
        #expect(world.sentinel.remembered.masters[0].knownReplicas.count == 3)
        world.run(for: .seconds(12))
        #expect(world.sentinel.remembered.masters[0].knownReplicas == World.replicas)
    }

    @Test func `a peer that announces its name is the one known by its address`() {
        var world = World(peers: "b", resolvesHostnames: true)
        let named = Endpoint(host: "sentinel-1", port: 26379)
        _ = world.ask(.publishHello(hello(World.master, 0, sender: named)))
        #expect(!world.events.contains { if case .sentinelMoved = $0 { true } else { false } })
        world.take(.resolved("sentinel-1", [World.host(ofPeer: "b").host]))
        #expect(!world.events.contains { if case .sentinelMoved = $0 { true } else { false } })
        #expect(world.sentinel.counters.rejectedHellos == 0)
    }

    @Test func `a peer is not lost to a name that does not resolve`() {
        var world = World(peers: "b", resolvesHostnames: true)
        world.names["sentinel-1"] = []
        _ = world.ask(.publishHello(hello(World.master, 0, sender: Endpoint(host: "sentinel-1", port: 26379))))
        #expect(world.sentinel.remembered.masters[0].knownSentinels[0].address == World.host(ofPeer: "b"))
        #expect(world.sentinel.counters.rejectedHellos == 1)
    }

    @Test func `a configuration that names its master is adopted once the name is known, and told of once`() {
        var world = World(peers: "b", resolvesHostnames: true)
        let named = Endpoint(host: "redis-1", port: World.replicas[0].port)
        for _ in 0..<3 { _ = world.ask(.publishHello(hello(named, 5))) }
        #expect(world.ask(.masterAddress(World.name)) == .address(World.master))
        world.take(.resolved("redis-1", []))
        #expect(world.ask(.masterAddress(World.name)) == .address(World.master))
        #expect(world.sentinel.remembered.masters[0].configEpoch == .zero)
        world.run(for: .seconds(2))
        _ = world.ask(.publishHello(hello(named, 5)))
        world.take(.resolved("redis-1", [World.replicas[0].host]))
        #expect(world.ask(.masterAddress(World.name)) == .address(World.replicas[0]))
        #expect(world.events.count { if case .masterSwitched = $0 { true } else { false } } == 1)
    }

    @Test func `a peer that asks about a name is answered as soon as the name is known`() {
        var world = World(resolvesHostnames: true)
        let named = Endpoint(host: "redis-0", port: World.master.port)
        #expect(world.ask(.isMasterDown(named, epoch: Epoch(3), candidate: World.id("b"))) == nil)
        let request = world.lastRequest
        world.take(.resolved("redis-0", [World.master.host]))
        #expect(
            world.answer(to: request) == .opinion(isDown: false, leader: World.id("b"), epoch: Epoch(3)))
    }

    /// Seed 6100212241 of the simulation: the group had moved with its name; whoever knew it by the number said the number
    /// again in a new epoch.
    @Test(arguments: [true, false])
    func `takes the place of a number with a newer configuration that says it`(isAnnounced: Bool) throws {
        var world = World(resolvesHostnames: true, announcesHostnames: isAnnounced)
        let named = Endpoint(host: "redis-9", port: 6379)
        world.names["redis-9"] = [World.master.host]
        let hello = Hello(
            sender: World.host(ofPeer: "b"), runID: World.id("b"), currentEpoch: Epoch(5), masterName: World.name,
            master: named, configEpoch: Epoch(5))
        for _ in 0..<12 {
            _ = world.ask(.publishHello(hello))
            world.run(for: .seconds(2))
        }
        #expect(world.sentinel.remembered.masters[0].configEpoch == Epoch(5))
        let switches = world.events.filter { if case .masterSwitched = $0 { true } else { false } }
        #expect(switches == (isAnnounced ? [.masterSwitched(World.name, from: World.master, to: named)] : []))
        let told = isAnnounced ? named : World.master
        #expect(world.ask(.masterAddress(World.name)) == .address(told))
        // Where the name goes, the group goes.
        world.kill(World.master)
        world.names["redis-9"] = ["10.0.0.66"]
        world.run(for: .seconds(15))
        let moved = isAnnounced ? named : Endpoint(host: "10.0.0.66", port: 6379)
        #expect(world.ask(.masterAddress(World.name)) == .address(moved))
        #expect(world.connection(to: Endpoint(host: "10.0.0.66", port: 6379)) != nil)
    }

    @Test func `does not take the place of a number while an attempt in a newer epoch is under way`() {
        var world = World(resolvesHostnames: true, announcesHostnames: true)
        world.names["redis-9"] = [World.master.host]
        func hello(_ epoch: UInt64) -> Hello {
            Hello(
                sender: World.host(ofPeer: "b"), runID: World.id("b"), currentEpoch: Epoch(5), masterName: World.name,
                master: Endpoint(host: "redis-9", port: 6379), configEpoch: Epoch(epoch))
        }
        for _ in 0..<12 {
            _ = world.ask(.publishHello(hello(0)))
            world.run(for: .seconds(2))
        }
        world.unmoved = Set(World.replicas)
        world.kill(World.master)
        world.letPeersAgree()
        world.run(untilStep: .sendingPromotion)
        _ = world.ask(.publishHello(hello(5)))
        #expect(world.sentinel.remembered.masters[0].configEpoch == Epoch(5))
        #expect(world.sentinel.masters[world.sentinel.masterOrder[0]].failover?.epoch == Epoch(6))
    }

    /// Seed 601102857 of the simulation: groups that an operator put right were watched where their masters had been.
    @Test func `MONITOR takes what a name stands for now, not what it stood for when it was asked about last`() {
        let (other, named) = (MasterName("other"), Endpoint(host: "redis-9", port: 6379))
        var world = World(peers: "", resolvesHostnames: true)
        world.names["redis-9"] = ["10.0.7.1"]
        _ = world.ask(.monitor(other, named, quorum: 1))
        #expect(world.ask(.masterAddress(other)) == .address(Endpoint(host: "10.0.7.1", port: 6379)))
        _ = world.ask(.remove(other))
        world.run(for: .seconds(60))
        world.names["redis-9"] = nil
        #expect(world.ask(.monitor(other, named, quorum: 1)) == nil)
        let request = world.lastRequest
        world.take(.resolved("redis-9", ["10.0.7.2"]))
        #expect(world.answer(to: request) == .ok)
        #expect(world.ask(.masterAddress(other)) == .address(Endpoint(host: "10.0.7.2", port: 6379)))
    }

    @Test func `a replica that follows the master by a name that does not resolve is left alone`() {
        var world = World(peers: "", failoverTimeout: .seconds(3), resolvesHostnames: true)
        world.names["somewhere"] = []
        world.run(for: .seconds(5))
        world.following[World.replicas[0]] = Endpoint(host: "somewhere", port: World.master.port)
        world.run(for: .seconds(40))
        #expect(!world.events.contains { if case .replicaConfigFixed = $0 { true } else { false } })
        world.names["somewhere"] = ["10.0.0.66"]
        world.run(for: .seconds(40))
        #expect(world.events.contains { if case .replicaConfigFixed = $0 { true } else { false } })
    }

    @Test func `a replica that follows a name which is gone, and reaches nobody, is corrected`() {
        var world = World(peers: "", failoverTimeout: .seconds(3), resolvesHostnames: true)
        let gone = Endpoint(host: "somewhere", port: World.master.port)
        world.names[gone.host] = []
        world.run(for: .seconds(5))
        world.kill(gone)
        world.following[World.replicas[0]] = gone
        world.run(for: .seconds(20))
        #expect(world.events.contains { if case .replicaConfigFixed = $0 { true } else { false } })
        #expect(world.following[World.replicas[0]] == World.master)
    }

    /// A replica's name is answered for the first time while an attempt goes on, with where the master is.
    @Test func `an entry that turns out to be the master during an attempt is dropped after it`() {
        let named = Endpoint(host: "redis-b", port: World.master.port)
        var world = World(resolvesHostnames: true) { $0.knownReplicas = [named] }
        world.run(for: .seconds(5))
        world.kill(World.master)
        world.run(for: .seconds(2))
        world.letPeersAgree()
        world.opinions = world.opinions.mapValues { _ in { _ in Opinion(isDown: true, vote: nil) } }
        world.run(for: .seconds(2))
        #expect(world.sentinel.masters[world.sentinel.masterOrder[0]].failover != nil)
        world.names[named.host] = [World.master.host]
        world.take(.resolved(named.host, [World.master.host]))
        #expect(world.sentinel.masters[world.sentinel.masterOrder[0]].replicas.count == 1)
        world.revive(World.master)
        world.opinions = [:]
        world.run(for: .seconds(40))
        #expect(world.sentinel.masters[world.sentinel.masterOrder[0]].replicas.isEmpty)
    }

    @Test func `an entry that turns out to be the promoted replica does not put the old master into the file twice`() {
        let named = Endpoint(host: "redis-b", port: World.master.port)
        var world = World(resolvesHostnames: true) { $0.knownReplicas = World.replicas + [named] }
        world.run(for: .seconds(5))
        world.unmoved = [World.replicas[0]]
        world.kill(World.master)
        world.letPeersAgree()
        world.run(untilStep: .promoted)
        world.names[named.host] = [World.replicas[1].host]
        world.take(.resolved(named.host, [World.replicas[1].host]))
        #expect(!world.steps.contains(.ended))
        let remembered = world.sentinel.remembered.masters[0]
        #expect(remembered.address == World.replicas[1])
        #expect(Set(remembered.knownReplicas) == [World.master, World.replicas[0]])
        #expect(remembered.knownReplicas.count == 2)
    }

    @Test func `however many names hellos bring, few are asked about at a time and few are kept`() throws {
        var world = World(peers: "", resolvesHostnames: true)
        for wave in 0..<2 {
            var asked: [String] = []
            for number in 0..<6_000 {
                let sender = Endpoint(host: "flood-\(wave)-\(number)", port: 26379)
                _ = world.ask(.publishHello(hello(World.master, 0, sender: sender)))
                asked += world.effects.compactMap { if case .resolve(let host) = $0 { host } else { nil } }
                world.forget()
            }
            #expect((1...4096 + 1).contains(asked.count), "those that are mentioned, and the one that a peer has")
            let kept = Mirror(reflecting: world.sentinel.names).descendant("entries") as? any Collection
            #expect(try #require(kept).count <= 4096 + 1)
            // Only what is under way can't be forgotten.
            for host in asked { world.take(.resolved(host, [])) }
            world.forget()
        }
    }
}
