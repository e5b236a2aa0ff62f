// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SentinelCore

/// Source: spec/monitoring.md 8 and 9, "Typical leader order".
@Suite struct `Failover` {
    private func failedOver(_ change: (inout World) -> Void = { _ in }) -> World {
        var world = World()
        world.run(for: .seconds(5))
        world.letPeersAgree()
        change(&world)
        world.kill(World.master)
        world.run(for: .seconds(3), step: .milliseconds(5))
        return world
    }

    @Test func `takes every step in order and ends with the new address`() {
        var world = failedOver()
        #expect(
            world.steps == [
                .tried, .elected, .selectingReplica, .selectedReplica, .sendingPromotion, .waitingForPromotion,
                .promoted, .reconfiguringReplicas, .reconfSent, .reconfInProgress, .reconfDone, .ended,
            ])
        #expect(
            world.events.contains(
                .masterSwitched(World.name, from: World.master, to: World.replicas[1])))
        #expect(world.ask(.masterAddress(World.name)) == .address(World.replicas[1]))
        #expect(world.following[World.replicas[0]] == World.replicas[1])
        #expect(world.sentinel.remembered.masters[0].configEpoch == Epoch(1))
        #expect(Set(world.sentinel.remembered.masters[0].knownReplicas) == [World.replicas[0], World.master])
    }

    @Test func `the old master is demoted eight seconds after it came back as a master`() {
        var world = failedOver()
        world.revive(World.master)
        world.run(for: .seconds(7))
        #expect(world.following[World.master] == nil)
        world.run(for: .seconds(18))
        #expect(world.events.contains { if case .convertedToReplica = $0 { true } else { false } })
        #expect(world.following[World.master] == World.replicas[1])
    }

    @Test func `without an eligible replica it is given up`() {
        var world = World()
        world.run(for: .seconds(5))
        world.letPeersAgree()
        for replica in World.replicas { world.kill(replica) }
        world.kill(World.master)
        world.run(for: .seconds(3), step: .milliseconds(5))
        #expect(world.steps.starts(with: [.tried, .elected, .selectingReplica, .noGoodReplica]))
        #expect(world.ask(.masterAddress(World.name)) == .address(World.master))
    }

    @Test func `a replica that turns up is found without waiting for the failover timeout twice`() {
        var world = World(quorum: 1, failoverTimeout: .seconds(180)) { $0.knownSentinels = [] }
        world.run(for: .seconds(5))
        for replica in World.replicas { world.kill(replica) }
        world.kill(World.master)
        world.run(for: .seconds(5), step: .milliseconds(5))
        world.revive(World.replicas[0])
        world.run(for: .seconds(10), step: .milliseconds(5))
        #expect(world.ask(.masterAddress(World.name)) == .address(World.replicas[0]))
    }

    @Test func `a node that refuses the transaction gets the bare order`() {
        let world = failedOver { $0.refusesTransactions = true }
        #expect(world.steps.last == .ended)
        #expect(world.sent.contains(.replicate(nil, isBare: true)))
    }

    /// Seed 500194259 of the simulation: a node was promoted by nobody's leader.
    @Test func `a transaction that is refused when the attempt is over is not followed by the bare order`() throws {
        var world = World(quorum: 1, failoverTimeout: .seconds(3)) { $0.knownSentinels = [] }
        world.run(for: .seconds(5))
        _ = world.ask(.failover(World.name))
        #expect(world.steps.last == .waitingForPromotion)
        let chosen = try #require(world.connection(to: World.replicas[1]))
        world.run(for: .seconds(4), answering: false)
        #expect(world.steps.last == .promotionTimedOut)
        world.forget()
        world.take(.reply(chosen, .replicated(false)))
        #expect(!world.sent.contains { if case .replicate = $0 { true } else { false } })
    }

    @Test func `an operator's failover of a master that is down goes on as soon as INFO was waited for`() throws {
        var world = World(quorum: 2) { $0.knownSentinels = [] }
        world.run(for: .seconds(5))
        world.kill(World.master)
        world.silent = [World.replicas[0]]
        world.run(for: .milliseconds(1100))
        _ = world.ask(.failover(World.name))
        #expect(world.steps.last == .selectingReplica)
        let deadline = try #require(world.sentinel.failoverDeadline(world.sentinel.masterOrder[0]))
        #expect(deadline - world.now <= .milliseconds(250))
    }

    @Test func `the others stand as soon as the one they voted for is down`() {
        var world = World(failoverTimeout: .seconds(180))
        world.run(for: .seconds(5))
        _ = world.ask(.isMasterDown(World.master, epoch: Epoch(1), candidate: World.id("b")))
        world.letPeersAgree()
        world.opinions[World.host(ofPeer: "b")] = nil
        world.kill(World.host(ofPeer: "b"))
        world.kill(World.master)
        world.run(for: .seconds(5), step: .milliseconds(5))
        #expect(world.steps.contains(.ended))
    }

    @Test func `a replica that does not move holds up neither the others nor the end`() {
        let stuck = World.replicas[0]
        let other = Endpoint(host: "10.0.0.4", port: 6379)
        var world = World(failoverTimeout: .seconds(180)) { $0.knownReplicas.append(other) }
        world.following[other] = World.master
        world.run(for: .seconds(5))
        world.unmoved = [stuck]
        _ = world.ask(.failover(World.name))
        world.run(for: .seconds(9))
        #expect(world.following[other] == World.master)
        #expect(world.steps.last == .reconfSent)
        world.run(for: .seconds(5))
        #expect(world.following[other] == World.replicas[1])
        #expect(
            world.steps.suffix(6) == [
                .reconfTimedOut, .reconfSent, .reconfSent, .reconfInProgress, .reconfDone, .ended,
            ])
        #expect(world.ask(.masterAddress(World.name)) == .address(World.replicas[1]))
        #expect(!world.steps.contains(.endedForTimeout))
    }

    @Test func `a replica may still move after it was told once more`() {
        let late = World.replicas[0]
        let stuck = Endpoint(host: "10.0.0.4", port: 6379)
        var world = World(failoverTimeout: .seconds(180)) { $0.knownReplicas.append(stuck) }
        world.following[stuck] = World.master
        world.run(for: .seconds(5))
        world.unmoved = [late, stuck]
        _ = world.ask(.failover(World.name))
        world.run(for: .seconds(9))
        world.unmoved = [stuck]
        world.run(for: .seconds(5))
        #expect(world.steps.last == .reconfDone)
        world.run(for: .seconds(10))
        #expect(world.steps.count { $0 == .reconfDone } == 1)
        #expect(world.steps.last == .ended)
    }

    @Test func `an operator's failover needs nobody's consent`() {
        var world = World()
        world.run(for: .seconds(5))
        #expect(world.ask(.failover(World.name)) == .ok)
        world.run(for: .seconds(2), step: .milliseconds(5))
        #expect(world.ask(.masterAddress(World.name)) == .address(World.replicas[1]))
        #expect(world.ask(.failover(MasterName("other"))) == .failed(.unknownMaster))
    }

    @Test(arguments: [false, true])
    func `a master that lives is demoted with the promotion`(refusesTransactions: Bool) {
        var world = World()
        world.refusesTransactions = refusesTransactions
        world.run(for: .seconds(5))
        _ = world.ask(.failover(World.name))
        world.run(for: .seconds(1), step: .milliseconds(5))
        #expect(world.following[World.master] == World.replicas[1])
        #expect(world.steps.last == .ended)
        let demotions = world.events.filter { if case .convertedToReplica = $0 { true } else { false } }
        #expect(demotions.count == 1)
        world.run(for: .seconds(30))
        #expect(world.following[World.master] == World.replicas[1])
    }

    @Test func `a master that lives and does not answer is not waited for`() {
        var world = World(downAfter: .seconds(30))
        world.run(for: .seconds(5))
        _ = world.ask(.failover(World.name))
        world.silent = [World.master]
        world.run(for: .seconds(2), step: .milliseconds(5))
        #expect(world.steps.last == .ended)
    }

    @Test func `one that is not over in time ends, and whoever had no turn is told in passing`() throws {
        let last = Endpoint(host: "10.0.0.4", port: 6379)
        var world = World(failoverTimeout: .seconds(5)) { $0.knownReplicas.append(last) }
        world.following[last] = World.master
        world.run(for: .seconds(5))
        world.kill(World.master)
        world.letPeersAgree()
        world.run(untilStep: .promoted)
        let connection = try #require(world.connection(to: last))
        // Whoever is told first gets no link, and keeps the one place there is.
        world.kill(World.replicas[1])
        world.run(for: .seconds(4))
        #expect(!world.steps.contains(.endedForTimeout))
        world.run(for: .milliseconds(1500), step: .milliseconds(5))
        #expect(Array(world.steps.suffix(3)) == [.endedForTimeout, .ended, .reconfSentBestEffort])
        let orders = world.effects.filter { effect in
            if case .send(connection, .replicate(World.replicas[1], _), _) = effect { true } else { false }
        }
        #expect(orders.count == 1)
    }

    @Test func `a newer configuration heard in a hello is adopted, an older one is not`() throws {
        var world = World()
        world.run(for: .seconds(3))
        func hello(_ address: Endpoint, _ epoch: UInt64) -> Hello {
            Hello(
                sender: World.host(ofPeer: "b"), runID: World.id("b"), currentEpoch: Epoch(epoch),
                masterName: World.name, master: address, configEpoch: Epoch(epoch))
        }
        let node = try #require(world.connection(to: World.replicas[0], .hello))
        world.take(.hello(hello(World.replicas[0], 5), on: node))
        #expect(world.ask(.masterAddress(World.name)) == .address(World.replicas[0]))
        #expect(world.sentinel.currentEpoch == Epoch(5))
        _ = world.ask(.publishHello(hello(World.replicas[1], 5)))
        #expect(world.ask(.masterAddress(World.name)) == .address(World.replicas[0]))
    }

    @Test func `new sentinels are met in hellos, and a broken hello costs no peer`() {
        var world = World(peers: "b")
        var hello = Hello(
            sender: World.host(ofPeer: "d"), runID: World.id("d"), currentEpoch: .zero, masterName: World.name,
            master: World.master, configEpoch: .zero)
        _ = world.ask(.publishHello(hello))
        hello.sender = Endpoint(host: "not-an-address", port: 26379)
        _ = world.ask(.publishHello(hello))
        hello.runID = World.myID
        hello.sender = World.host(ofPeer: "e")
        _ = world.ask(.publishHello(hello))
        let known = world.sentinel.remembered.masters[0].knownSentinels.map(\.runID)
        #expect(known == [World.id("b"), World.id("d")])
        #expect(world.sentinel.counters.rejectedHellos == 1)
    }
}

/// Source: spec/monitoring.md 8, Selection.
@Suite struct `Choosing a replica` {
    private func candidate(
        _ number: UInt64, isDown: Bool = false, isConnected: Bool = true, availableAgo: Duration = .zero,
        infoAge: Duration? = .zero, linkDownFor: Duration = .zero, priority: Int = 100, offset: Int64 = 0,
        runID: String? = nil, hasRefused: Bool = false
    ) -> ReplicaSelection.Candidate {
        ReplicaSelection.Candidate(
            id: ReplicaID(number: number), isDown: isDown, isConnected: isConnected, availableAgo: availableAgo,
            infoAge: infoAge, masterLinkDownFor: linkDownFor, priority: priority, offset: offset, runID: runID,
            hasRefused: hasRefused, availableLimit: .seconds(5), infoAgeLimit: .seconds(5),
            masterLinkDownLimit: .seconds(10))
    }

    @Test func `priority decides before offset, offset before run ID`() {
        #expect(ReplicaSelection.best(of: [candidate(1, offset: 9), candidate(2, priority: 10)]) == 1)
        #expect(ReplicaSelection.best(of: [candidate(1, offset: 9), candidate(2, offset: 10)]) == 1)
        #expect(ReplicaSelection.best(of: [candidate(1, runID: "b"), candidate(2, runID: "A")]) == 1)
        #expect(ReplicaSelection.best(of: [candidate(1), candidate(2, runID: "z")]) == 1)
    }

    @Test func `one that refused just now comes behind all others, but before nobody`() {
        #expect(ReplicaSelection.best(of: [candidate(1, priority: 1, hasRefused: true), candidate(2)]) == 1)
        #expect(ReplicaSelection.best(of: [candidate(1, hasRefused: true), candidate(2, isDown: true)]) == 0)
    }

    @Test func `whoever is unfit is never chosen`() {
        #expect(
            ReplicaSelection.best(of: [
                candidate(1, isDown: true), candidate(2, isConnected: false), candidate(3, priority: 0),
                candidate(4, infoAge: nil), candidate(5, infoAge: .seconds(6)), candidate(6, availableAgo: .seconds(6)),
                candidate(7, linkDownFor: .seconds(11)),
            ]) == nil)
    }
}
