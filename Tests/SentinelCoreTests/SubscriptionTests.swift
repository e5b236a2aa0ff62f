// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SentinelCore

/// Source: spec/monitoring.md 3, 3.3; one connection for both is ours (Docs/differences.md).
@Suite struct `Subscriptions to hellos` {
    private func world(
        peers: String = "", downAfter: Duration = .seconds(6), change: (inout MasterSettings) -> Void = { _ in }
    ) -> World {
        World(peers: peers, downAfter: downAfter, separatesSubscriptions: false, change: change)
    }

    private func sent(_ world: World, on connection: ConnectionID) -> [Request] {
        world.effects.compactMap { if case .send(connection, let request, _) = $0 { request } else { nil } }
    }

    private func flags(_ world: inout World) -> [InstanceDescription.Flag] {
        guard case .instance(let master)? = world.ask(.master(World.name)) else { return [] }
        return master.flags
    }

    private let hello = Hello(
        sender: World.host(ofPeer: "b"), runID: World.id("b"), currentEpoch: .zero, masterName: World.name,
        master: World.master, configEpoch: .zero)

    private func knowsPeer(_ world: World) -> Bool {
        !world.sentinel.masters[world.sentinel.masterOrder[0]].peers.isEmpty
    }

    /// Lets time pass, with a message on the master's command connection whenever it says one.
    private func run(_ world: inout World, for duration: Duration, hearing: Bool = true) {
        let end = world.now + duration
        while world.now < end {
            world.run(for: .milliseconds(500))
            if hearing, let connection = world.connection(to: World.master) { world.take(.heard(connection)) }
        }
    }

    // MARK: Agreeing

    @Test func `share a connection that agrees to RESP3, asked behind what all connections begin with`() throws {
        var world = world { $0.authPassword = Secret("hunter2") }
        let command = try #require(world.connection(to: World.master))
        let greeting = sent(world, on: command).filter { $0 != .info }
        #expect(
            greeting.starts(with: [
                .authenticate(user: nil, password: Secret("hunter2")), .introduce(World.myID, .command), .ping,
                .speakRESP3,
            ]))
        #expect(!greeting.contains(.subscribeToHellos))
        world.answerAll()
        #expect(sent(world, on: command).contains(.subscribeToHellos))
        run(&world, for: .seconds(40))
        #expect(world.connection(to: World.master) == command)
        #expect(world.connection(to: World.master, .hello) == nil)
        #expect(flags(&world) == [.master])
    }

    @Test func `are separate where HELLO is refused`() throws {
        var world = world()
        world.speaksRESP3 = false
        world.answerAll()
        let hello = try #require(world.connection(to: World.master, .hello))
        #expect(sent(world, on: hello) == [.introduce(World.myID, .hello), .subscribeToHellos])
        let command = try #require(world.connection(to: World.master))
        #expect(!sent(world, on: command).contains(.subscribeToHellos))
        world.answerAll()
        #expect(flags(&world) == [.master])
    }

    @Test func `are separate where SUBSCRIBE is refused`() throws {
        var world = world()
        world.allowsSubscribing = false
        world.answerAll()
        world.answerAll()
        #expect(world.connection(to: World.master, .hello) != nil)
        world.run(for: .seconds(3))
        #expect(flags(&world) == [.master])
    }

    @Test func `are separate from the start, and HELLO is not sent, where the configuration says so`() {
        let world = World(peers: "", separatesSubscriptions: true)
        #expect(world.connection(to: World.master, .hello) != nil)
        #expect(!world.sent.contains(.speakRESP3))
    }

    @Test func `are none on links to sentinels`() throws {
        var world = world(peers: "b")
        world.run(for: .seconds(3))
        let peer = try #require(world.connection(to: World.host(ofPeer: "b")))
        #expect(!sent(world, on: peer).contains { $0 == .speakRESP3 || $0 == .subscribeToHellos })
        #expect(world.connection(to: World.host(ofPeer: "b"), .hello) == nil)
    }

    @Test func `are requests among those that wait for an answer`() throws {
        var world = world()
        let command = try #require(world.connection(to: World.master))
        for (answers, reply) in [Reply.protocolAgreed(isRESP3: true), .subscribed(true)].enumerated() {
            world.take(.reply(command, reply))
            guard case .instance(let master)? = world.ask(.master(World.name)) else { return #expect(Bool(false)) }
            #expect(master.pendingRequests == sent(world, on: command).count - answers - 1)
        }
    }

    // MARK: Messages

    @Test func `bring hellos in among the replies`() throws {
        var world = world()
        world.run(for: .seconds(1))
        world.take(.hello(hello, on: try #require(world.connection(to: World.master))))
        #expect(knowsPeer(world))
    }

    @Test func `that nobody asked for bring in nothing`() throws {
        var world = world()
        world.speaksRESP3 = false
        world.run(for: .seconds(1))
        world.take(.hello(hello, on: try #require(world.connection(to: World.master))))
        #expect(!knowsPeer(world))
        world.take(.hello(hello, on: try #require(world.connection(to: World.master, .hello))))
        #expect(knowsPeer(world))
    }

    @Test func `are settled before the first hello is said: of two that start at once one hears the other`() throws {
        func hellos(_ world: World) -> Int { world.sent.count { if case .hello = $0 { true } else { false } } }
        for isRESP3 in [true, false] {
            var world = world()
            let command = try #require(world.connection(to: World.master))
            #expect(hellos(world) == 0)
            world.take(.reply(command, .protocolAgreed(isRESP3: isRESP3)))
            if isRESP3 {
                #expect(hellos(world) == 0)
                world.take(.reply(command, .subscribed(true)))
            }
            #expect(hellos(world) == 1)
        }
    }

    // MARK: Silence

    @Test func `that are silent while requests are answered get a connection of their own, until they speak`() throws {
        var world = world()
        world.publishing = .refused
        run(&world, for: .seconds(20))
        let command = try #require(world.connection(to: World.master))
        run(&world, for: .milliseconds(5500), hearing: false)
        #expect(world.connection(to: World.master, .hello) == nil)
        run(&world, for: .seconds(2), hearing: false)
        #expect(world.connection(to: World.master, .hello) != nil)
        #expect(world.connection(to: World.master) == command)
        #expect(flags(&world) == [.master])
        world.take(.hello(hello, on: command))
        #expect(world.connection(to: World.master, .hello) == nil)
        #expect(knowsPeer(world))
        run(&world, for: .seconds(10))
        #expect(world.connection(to: World.master, .hello) == nil)
    }

    @Test func `that stay silent on both have the second connection made again, and the first not`() throws {
        var world = world()
        world.publishing = .refused
        run(&world, for: .seconds(25), hearing: false)
        let command = try #require(world.connection(to: World.master))
        let hello = try #require(world.connection(to: World.master, .hello))
        run(&world, for: .seconds(17), hearing: false)
        #expect(world.connection(to: World.master) == command)
        #expect(try #require(world.connection(to: World.master, .hello)) != hello)
    }

    @Test func `of a node that stood still are not doubted for what it could not say`() {
        var world = world(downAfter: .seconds(60))
        world.publishing = .refused
        run(&world, for: .seconds(20))
        world.run(for: .seconds(12), answering: false)
        run(&world, for: .seconds(5), hearing: false)
        #expect(world.connection(to: World.master, .hello) == nil)
        run(&world, for: .seconds(3), hearing: false)
        #expect(world.connection(to: World.master, .hello) != nil)
    }

    /// As when something on the way drops what a server says unasked: two sentinels that know of nobody would each be
    /// all.
    @Test func `that lose hellos the server says it published get a connection of their own at the second`() throws {
        for publishing in [World.Publishing.echoed, .lost] {
            var world = world()
            world.publishing = publishing
            world.run(for: .milliseconds(1900))
            #expect(world.connection(to: World.master, .hello) == nil)
            world.run(for: .milliseconds(2200))
            #expect((world.connection(to: World.master, .hello) != nil) == (publishing == .lost))
            guard publishing == .lost else { continue }
            world.publishing = .echoed
            world.run(for: .milliseconds(2200))
            #expect(world.connection(to: World.master, .hello) == nil)
        }
    }

    // MARK: Breaks and changes

    @Test func `are agreed anew on each connection, for the server may be another version`() throws {
        var world = world()
        world.run(for: .seconds(1))
        for speaksRESP3 in [false, true, false] {
            world.speaksRESP3 = speaksRESP3
            world.now = world.now + .seconds(2)
            world.take(.disconnected(try #require(world.connection(to: World.master)), reason: "closed"))
            world.run(for: .seconds(3))
            #expect((world.connection(to: World.master, .hello) == nil) == speaksRESP3)
            #expect(flags(&world) == [.master])
        }
    }

    @Test func `stay separate while a better connection is being agreed`() throws {
        var world = world()
        world.speaksRESP3 = false
        world.run(for: .seconds(3))
        let hello = try #require(world.connection(to: World.master, .hello))
        world.take(.disconnected(try #require(world.connection(to: World.master)), reason: "closed"))
        let command = try #require(world.connection(to: World.master))
        world.take(.reply(command, .protocolAgreed(isRESP3: true)))
        #expect(world.connection(to: World.master, .hello) == hello)
        world.take(.reply(command, .subscribed(true)))
        #expect(world.connection(to: World.master, .hello) == nil)
    }

    @Test func `are disconnected while the connection is, and back with it`() throws {
        var world = world()
        world.run(for: .seconds(5))
        world.kill(World.master)
        #expect(flags(&world).contains(.disconnected))
        world.revive(World.master)
        // An attempt may still be waiting for the node that was gone: half of down-after, and another.
        world.run(for: .seconds(5))
        #expect(flags(&world) == [.master])
        #expect(world.connection(to: World.master, .hello) == nil)
    }

    @Test func `are separate for a while where connections end instead of answering HELLO`() throws {
        var world = world()
        func endIfAsked() {
            guard let command = world.connection(to: World.master), sent(world, on: command).contains(.speakRESP3)
            else { return }
            world.take(.disconnected(command, reason: "closed"))
        }
        for _ in 0..<40 {
            endIfAsked()
            world.run(for: .milliseconds(50), answering: false)
        }
        let command = try #require(world.connection(to: World.master))
        #expect(!sent(world, on: command).contains(.speakRESP3))
        #expect(world.connection(to: World.master, .hello) != nil)
        world.run(for: .seconds(60))
        #expect(world.connection(to: World.master) == command)
        // Asked again with the next connection, then.
        world.take(.disconnected(command, reason: "closed"))
        world.run(for: .seconds(2))
        #expect(sent(world, on: try #require(world.connection(to: World.master))).contains(.speakRESP3))
        #expect(world.connection(to: World.master, .hello) == nil)
    }

    @Test func `whose confirmation is lost have the connection made again without HELLO`() throws {
        var world = world()
        let first = try #require(world.connection(to: World.master))
        world.take(.reply(first, .protocolAgreed(isRESP3: true)))
        world.take(.reply(first, .malformed(to: .subscribe)))
        let second = try #require(world.connection(to: World.master))
        #expect(second != first)
        #expect(!sent(world, on: second).contains(.speakRESP3))
        #expect(world.connection(to: World.master, .hello) != nil)
        world.run(for: .seconds(3))
        #expect(flags(&world) == [.master])
    }

    @Test func `do not follow from an answer nobody waits for`() throws {
        var world = World(peers: "", separatesSubscriptions: true)
        world.run(for: .seconds(1))
        world.forget()
        world.take(.reply(try #require(world.connection(to: World.master)), .protocolAgreed(isRESP3: true)))
        #expect(!world.sent.contains(.subscribeToHellos))
    }
}
