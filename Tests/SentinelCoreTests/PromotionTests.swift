// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SentinelCore

/// Promotions that do not come about, and what is tried instead. Source: Docs/differences.md.
@Suite struct `A promotion` {
    /// The better replica, by its offset.
    private static let chosen = World.replicas[1]
    private static let other = World.replicas[0]

    /// A world whose master dies after a change, and eight seconds of it.
    private func dying(_ change: (inout World) -> Void) -> World {
        var world = World()
        world.run(for: .seconds(5))
        change(&world)
        world.kill(World.master)
        world.runElected(for: .seconds(8))
        return world
    }

    /// One in which the chosen replica takes the order, goes on as it was and is gone.
    private func abandoned(_ change: (inout World) -> Void = { _ in }) -> World {
        var world = World()
        world.run(for: .seconds(5))
        change(&world)
        world.unmoved = [Self.chosen]
        world.kill(World.master)
        world.letPeersAgree()
        world.run(untilStep: .waitingForPromotion)
        world.kill(Self.chosen)
        return world
    }

    @Test func `that is refused, as by one that is loading, goes to another replica soon`() {
        let world = dying { $0.refusing = [Self.chosen] }
        #expect(world.steps.contains(.promotionTimedOut))
        #expect(world.steps.contains(.promoted))
        #expect(world.sentinel.remembered.masters[0].address == Self.other)
    }

    @Test func `that is refused is tried again where there is no other, not at once and not without end`() {
        var world = dying {
            $0.kill(Self.other)
            $0.refusing = [Self.chosen]
        }
        world.runElected(for: .seconds(30))
        let tries = world.steps.count { $0 == .sendingPromotion }
        #expect((2...5).contains(tries))
        world.refusing = []
        world.runElected(for: .seconds(20))
        #expect(world.steps.contains(.promoted))
    }

    @Test func `goes to another replica if the chosen one is gone`() {
        var world = abandoned()
        world.runElected(for: .seconds(6))
        #expect(world.steps.contains(.promoted))
        #expect(world.sentinel.remembered.masters[0].address == Self.other)
    }

    @Test func `waits for the chosen one that is gone if there is no other`() {
        var world = abandoned { $0.kill(Self.other) }
        world.runElected(for: .seconds(5))
        #expect(!world.steps.contains(.promotionTimedOut))
        world.unmoved = []
        world.following[Self.chosen] = nil
        world.revive(Self.chosen)
        world.runElected(for: .seconds(4))
        #expect(world.steps.contains(.promoted))
    }

    @Test func `is not held up by attempts that were to no avail in an outage before`() {
        var world = World()
        world.run(for: .seconds(5))
        for node in [World.master] + World.replicas { world.kill(node) }
        world.runElected(for: .seconds(60))
        let fruitless = world.steps.count { $0 == .noGoodReplica }
        #expect(fruitless >= 4)
        for node in [World.master] + World.replicas { world.revive(node) }
        world.opinions = [:]
        world.run(for: .seconds(60))
        world.kill(World.master)
        for replica in World.replicas { world.kill(replica) }
        world.runElected(for: .seconds(3))
        #expect(world.steps.count { $0 == .noGoodReplica } > fruitless)
        for replica in World.replicas { world.revive(replica) }
        world.runElected(for: .seconds(6))
        #expect(world.steps.contains(.promoted))
    }

    @Test func `is left to those who reach a replica by one that reaches none, or knows of none`() {
        func attempts(known: Bool = true, reached: Bool) -> (first: Duration, count: Int) {
            var world = World { if !known { $0.knownReplicas = [] } }
            world.replicasOf = [:]
            if !reached { for replica in World.replicas { world.kill(replica) } }
            world.run(for: .seconds(5))
            world.kill(World.master)
            let killedAt = world.now
            world.letPeersAgree()
            world.run(until: { !$0.steps.isEmpty })
            let first = world.now - killedAt
            world.runElected(for: .seconds(15))
            return (first, world.steps.count { $0 == .tried })
        }
        let (best, blind, ignorant) = (
            attempts(reached: true), attempts(reached: false), attempts(known: false, reached: false)
        )
        // Of three, two may be better by rank; it goes behind all of them.
        #expect(best.first < .milliseconds(1_090))
        #expect(blind.first >= .milliseconds(1_090) && ignorant.first >= .milliseconds(1_090))
        #expect(blind.count == 3 && ignorant.count == 1)
    }

    /// Attempts that can lead to nothing would use up epochs, and keep those from standing who voted in them.
    @Test func `is not tried for ever where nobody is reached, but as soon as somebody is`() {
        var world = World(failoverTimeout: .seconds(60))
        world.run(for: .seconds(5))
        for node in [World.master] + World.replicas { world.kill(node) }
        world.runElected(for: .seconds(100))
        #expect(world.steps.count { $0 == .tried } == 3)
        world.revive(World.replicas[0])
        world.runElected(for: .seconds(4))
        #expect(world.steps.contains(.promoted))
    }

    @Test func `is tried again in the usual distance even if nobody is reached`() {
        var world = World(failoverTimeout: .seconds(20))
        world.run(for: .seconds(5))
        for node in [World.master] + World.replicas { world.kill(node) }
        world.runElected(for: .seconds(100))
        #expect(world.steps.count { $0 == .tried } == 5)
    }

    @Test func `that was lost with its connection is asked for again`() {
        var world = World(failoverTimeout: .seconds(60))
        world.run(for: .seconds(5))
        world.unmoved = [Self.chosen]
        world.kill(World.master)
        world.letPeersAgree()
        world.run(until: { $0.steps.contains(.waitingForPromotion) }, answering: true)
        world.silent = [Self.chosen]
        world.cut(Self.chosen)
        world.silent = []
        world.unmoved = []
        world.runElected(for: .seconds(3))
        #expect(world.steps.contains(.promoted))
        #expect(world.sentinel.remembered.masters[0].address == Self.chosen)
    }

    /// Two addresses of one process, as with two networks or another `replica-announce-ip` than before.
    @Test func `of a node that is known at two addresses does not have it follow itself`() {
        var world = World(failoverTimeout: .seconds(3))
        world.runIDs = [Self.chosen: String(repeating: "e", count: 40), Self.other: String(repeating: "e", count: 40)]
        world.run(for: .seconds(5))
        world.kill(World.master)
        world.runElected(for: .seconds(40))
        #expect(world.steps.contains(.ended))
        let orders = world.sent.filter { if case .replicate(.some, _) = $0 { true } else { false } }
        #expect(orders.isEmpty)
    }

    /// One in which the chosen replica says that it is a master now, and the disk has not said a word.
    private func unsaved() -> World {
        var world = World(failoverTimeout: .seconds(60))
        world.run(for: .seconds(5))
        world.kill(World.master)
        world.letPeersAgree()
        world.run(untilStep: .waitingForPromotion)
        world.savesStates = false
        world.run(until: { $0.sentinel.remembered.masters[0].address == Self.chosen })
        return world
    }

    private func orders(_ world: World) -> Int {
        world.sent.count { if case .replicate(.some, _) = $0 { true } else { false } }
    }

    /// A restart without it would send clients back to the old master, and another replica might be promoted.
    @Test func `is told once it is on disk`() {
        var world = unsaved()
        world.run(for: .milliseconds(500))
        #expect(!world.steps.contains(.promoted))
        #expect(orders(world) == 0)
        #expect(world.ask(.masterAddress(World.name)) == .address(World.master))
        world.take(.persisted(world.sentinel.durability.latest))
        #expect(world.steps.contains(.promoted))
        #expect(orders(world) == 1)
        #expect(world.ask(.masterAddress(World.name)) == .address(Self.chosen))
    }

    /// A peer that was elected later promoted the same node; what his hello changed is on disk later.
    @Test func `is told once it is on disk, whatever is heard meanwhile`() {
        var world = unsaved()
        let promotion = world.sentinel.durability.latest
        let hello = Hello(
            sender: World.host(ofPeer: "b"), runID: World.id("b"), currentEpoch: Epoch(9), masterName: World.name,
            master: Self.chosen, configEpoch: Epoch(9))
        _ = world.ask(.publishHello(hello))
        #expect(world.sentinel.durability.latest > promotion)
        #expect(world.ask(.masterAddress(World.name)) == .address(World.master))
        world.take(.persisted(promotion))
        #expect(world.steps.contains(.promoted))
        #expect(world.ask(.masterAddress(World.name)) == .address(Self.chosen))
    }

    @Test func `is where clients are sent from then on, in TILT as well`() {
        var world = unsaved()
        world.now = world.now + .seconds(20)
        world.take(.woken)
        #expect(world.sentinel.tilt.isOn)
        #expect(world.ask(.masterAddress(World.name)) == .address(World.master))
        world.take(.persisted(world.sentinel.durability.latest))
        #expect(world.ask(.masterAddress(World.name)) == .address(Self.chosen))
        #expect(!world.steps.contains(.promoted))
    }

    @Test func `is told though the disk refuses it`() {
        var world = unsaved()
        world.take(.persistFailed(world.sentinel.durability.latest))
        #expect(world.steps.contains(.promoted))
        #expect(world.ask(.masterAddress(World.name)) == .address(Self.chosen))
    }

    @Test func `is told after a second though the disk does not say a word`() {
        var world = unsaved()
        world.run(for: .milliseconds(900))
        #expect(!world.steps.contains(.promoted))
        world.run(for: .milliseconds(200))
        #expect(world.steps.contains(.promoted))
        #expect(world.ask(.masterAddress(World.name)) == .address(Self.chosen))
    }
}
