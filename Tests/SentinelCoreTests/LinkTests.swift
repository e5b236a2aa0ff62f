// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SentinelCore

/// Source: spec/monitoring.md 3, 3.1, 3.3.
@Suite struct `Links` {
    private func sent(_ world: World, on connection: ConnectionID) -> [Request] {
        world.effects.compactMap { if case .send(connection, let request, _) = $0 { request } else { nil } }
    }

    @Test func `a connection opens with AUTH, CLIENT SETNAME and PING, a subscription with SUBSCRIBE`() throws {
        let world = World(peers: "") { settings in
            settings.authUser = "watcher"
            settings.authPassword = Secret("hunter2")
        }
        let authenticate = Request.authenticate(user: "watcher", password: Secret("hunter2"))
        let command = try #require(world.connection(to: World.master))
        #expect(
            sent(world, on: command).starts(with: [authenticate, .introduce(World.myID, .command), .ping]))
        let hello = try #require(world.connection(to: World.master, .hello))
        #expect(sent(world, on: hello) == [authenticate, .introduce(World.myID, .hello), .subscribeToHellos])
    }

    /// Source: spec/defects.md 37.
    @Test(arguments: [nil, Secret("wrong")])
    func `an instance that lets nobody in is told of once until it does`(password: Secret?) {
        var world = World { $0.authPassword = password }
        let master = InstanceLabel(
            kind: .master, name: "mymaster", address: World.master, masterName: World.name, masterAddress: World.master)
        let told = Effect.log(.accessRefused(master, password == nil ? .passwordMissing : .passwordWrong))
        world.run(for: .seconds(2))
        #expect(!world.effects.contains(told))
        world.pingReplies[World.master] = .unauthenticated
        world.cut(World.master)
        world.run(for: .seconds(10))
        #expect(world.effects.count { $0 == told } == 1)
        world.pingReplies[World.master] = nil
        world.run(for: .seconds(5))
        world.pingReplies[World.master] = .unauthenticated
        world.cut(World.master)
        world.run(for: .seconds(5))
        #expect(world.effects.count { $0 == told } == 2)
    }

    /// Its users were changed a moment after this sentinel had asked: nothing else would have it ask once more, for the
    /// connection is answered.
    @Test func `an instance that did not let us in is asked to on the same connection`() throws {
        var world = World { $0.authPassword = Secret("right") }
        world.run(for: .seconds(2))
        world.pingReplies[World.master] = .unauthenticated
        world.cut(World.master)
        let connection = try #require(world.connection(to: World.master))
        world.run(for: .seconds(5))
        #expect(world.sentinel.masters[world.sentinel.masterOrder[0]].presence.isSdown)
        #expect(world.connection(to: World.master) == connection)
        let authentications = sent(world, on: connection).count { $0.isAuthentication }
        // With the connection, at the first refusal, and one and two seconds later.
        #expect((4...5).contains(authentications))
        world.run(for: .seconds(120))
        #expect((8...12).contains(sent(world, on: connection).count { $0.isAuthentication }))
        world.pingReplies[World.master] = nil
        world.forget()
        world.run(for: .seconds(5))
        #expect(!world.sentinel.masters[world.sentinel.masterOrder[0]].presence.isSdown)
        #expect(world.connection(to: World.master) == connection)
        #expect(sent(world, on: connection).count { $0.isAuthentication } <= 1)
    }

    /// Nothing is sent that nobody configured.
    @Test func `an instance that wants a password which is not configured is not asked`() {
        var world = World()
        world.pingReplies[World.master] = .unauthenticated
        world.run(for: .seconds(5))
        #expect(!world.sent.contains { $0.isAuthentication })
    }

    @Test(
        arguments: [
            (nil, "pass", Request.authenticate(user: nil, password: Secret("pass"))),
            ("user", "pass", .authenticate(user: "user", password: Secret("pass"))),
            ("user", nil, nil),
        ] as [(String?, String?, Request?)])
    func `the master's credentials are used as they are given`(user: String?, password: String?, expected: Request?) {
        let world = World(peers: "") { settings in
            settings.authUser = user
            settings.authPassword = password.map { Secret($0) }
        }
        let authentications = world.sent.filter { if case .authenticate = $0 { true } else { false } }
        // A command connection and a subscription for the master and each of two replicas.
        #expect(authentications == expected.map { Array(repeating: $0, count: 6) } ?? [])
    }

    @Test func `new credentials make the connections again at once, and INFO does not wait for its period`() throws {
        var world = World()
        world.run(for: .seconds(5))
        world.forget()
        let change = OptionChange(.authPassword(Secret("new")), name: "auth-pass", shown: "******")
        _ = world.ask(.set(World.name, [change]))
        for node in [World.master] + World.replicas {
            let connection = try #require(world.connection(to: node))
            let requests = sent(world, on: connection)
            #expect(requests.first == .authenticate(user: nil, password: Secret("new")))
            #expect(requests.contains(.info))
        }
        #expect(world.connection(to: World.host(ofPeer: "b")) != nil)
        world.run(for: .seconds(3))
        #expect(!world.events.contains { if case .sdown = $0 { true } else { false } })
    }

    @Test func `new credentials of sentinels concern their links alone`() throws {
        var world = World()
        world.run(for: .seconds(5))
        let before = world.connection(to: World.master)
        world.forget()
        _ = world.ask(.configure([.sentinelUser("peer"), .sentinelPassword(Secret("new"))]))
        let peer = try #require(world.connection(to: World.host(ofPeer: "b")))
        #expect(sent(world, on: peer).first == .authenticate(user: "peer", password: Secret("new")))
        #expect(world.connection(to: World.master) == before)
    }

    @Test func `whoever answers after a break is asked at once what he is`() throws {
        var world = World(peers: "")
        world.run(for: .seconds(5))
        world.forget()
        world.take(.disconnected(try #require(world.connection(to: World.master)), reason: "closed"))
        world.run(for: .milliseconds(50), answering: false)
        #expect(sent(world, on: try #require(world.connection(to: World.master))).contains(.info))
    }

    @Test func `a hello whose answer was lost with its connection is said again`() throws {
        var world = World()
        world.run(for: .seconds(5))
        world.forget()
        world.take(.disconnected(try #require(world.connection(to: World.host(ofPeer: "b"))), reason: "closed"))
        world.run(for: .milliseconds(50), answering: false)
        let peer = try #require(world.connection(to: World.host(ofPeer: "b")))
        #expect(sent(world, on: peer).contains { if case .hello = $0 { true } else { false } })
    }

    @Test func `one peer under several masters has one link, and one stream of PINGs`() {
        var world = World(peers: "b")
        let other = Endpoint(host: "10.0.0.9", port: 6379)
        _ = world.ask(.monitor(MasterName("other"), other, quorum: 1))
        let hello = Hello(
            sender: World.host(ofPeer: "b"), runID: World.id("b"), currentEpoch: .zero,
            masterName: MasterName("other"), master: other, configEpoch: .zero)
        _ = world.ask(.publishHello(hello))
        let links = world.connections.count { $0.to == World.host(ofPeer: "b") }
        #expect(links == 1)
        guard case .instances(let peers)? = world.ask(.peers(World.name)) else {
            Issue.record("no answer")
            return
        }
        #expect(peers.map(\.linkUsers) == [2])
    }

    @Test func `a link keeps no pace of a group that is gone`() throws {
        var world = World(peers: "b", downAfter: .seconds(10))
        let other = MasterName("other")
        let address = Endpoint(host: "10.0.0.9", port: 6379)
        _ = world.ask(.monitor(other, address, quorum: 1))
        let impatient = OptionChange(.downAfter(.milliseconds(100)), name: "down-after-milliseconds", shown: "100")
        _ = world.ask(.set(other, [impatient]))
        let hello = Hello(
            sender: World.host(ofPeer: "b"), runID: World.id("b"), currentEpoch: .zero, masterName: other,
            master: address, configEpoch: .zero)
        _ = world.ask(.publishHello(hello))
        let link = world.sentinel.masters[try #require(world.sentinel.masterByName[World.name])].peers[0].presence.link
        #expect(world.sentinel.links[link].downAfter == .milliseconds(100))
        _ = world.ask(.remove(other))
        #expect(world.sentinel.links[link].downAfter == .seconds(10))
    }

    @Test func `a silent connection is made again after half of down-after, but not in its first fifteen seconds`()
        throws
    {
        var world = World(peers: "", downAfter: .seconds(6))
        world.run(for: .seconds(10))
        let young = try #require(world.connection(to: World.master))
        world.run(for: .milliseconds(4500), answering: false)
        #expect(world.connection(to: World.master) == young)
        world.run(for: .seconds(5))
        let old = world.connection(to: World.master)
        world.run(for: .seconds(10))
        #expect(world.connection(to: World.master) == old)
        world.run(for: .milliseconds(4500), answering: false)
        #expect(world.connection(to: World.master) != old)
    }

    @Test func `a subscription without a word for three hello periods is made again`() throws {
        var world = World(peers: "")
        world.run(for: .seconds(1))
        let subscription = try #require(world.connection(to: World.master, .hello))
        world.run(for: .seconds(14))
        #expect(world.connection(to: World.master, .hello) == subscription)
        world.run(for: .seconds(2))
        #expect(world.connection(to: World.master, .hello) != subscription)
    }

    @Test func `a connection that is not established in time is given up and tried again`() {
        var world = World(peers: "")
        world.hangs = [World.master]
        world.cut(World.master)
        world.forget()
        world.run(for: .seconds(5))
        let attempts = world.effects.count { if case .connect(_, .command, World.master) = $0 { true } else { false } }
        #expect((4...6).contains(attempts))
    }

    @Test func `commands that a group has renamed are renamed towards its data nodes and not towards sentinels`() {
        let renamed = [RenamedCommand(command: "PING", name: "p1ng")]
        var world = World(peers: "b") { $0.renamedCommands = renamed }
        world.run(for: .seconds(2))
        for case .send(let connection, _, let names) in world.effects {
            let isPeer = world.connections.first { $0.id == connection }?.to == World.host(ofPeer: "b")
            #expect(names == (isPeer ? [] : renamed))
        }
    }
}

extension Request {
    fileprivate var isAuthentication: Bool { if case .authenticate = self { true } else { false } }
}
