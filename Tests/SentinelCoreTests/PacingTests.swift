// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SentinelCore

/// What recurs is done together, and waits for nothing that does not concern it.
@Suite struct `Pacing` {
    @Test func `what recurs each second is done on a grid of 50 ms, never later`() {
        let period = Duration.seconds(1)
        for (milliseconds, wanted) in [(0, 0), (49, 0), (50, 50), (1_099, 1_050), (86_400_001, 86_400_000)] {
            let instant = Instant(sinceStart: .milliseconds(milliseconds))
            #expect(instant.onGrid(of: period) == Instant(sinceStart: .milliseconds(wanted)))
        }
    }

    @Test(arguments: [0, 1, 15, 160, 1_000, 200_000])
    func `a short period has a fine grid`(microseconds: Int64) {
        let period = Duration.microseconds(microseconds)
        let instant = Instant(sinceStart: .nanoseconds(123_456_789_123))
        let early = instant - instant.onGrid(of: period)
        #expect(early >= .zero && early <= max(period / 16, .nanoseconds(123)))
    }

    /// A first hello may come long after the first PING, where a thousand nodes are greeted at once.
    @Test(arguments: [0, 40, 70, 180, 300, 450, 600, 990])
    func `PINGs and hellos of a data node go out together, at their periods`(firstAnswerMilliseconds: Int) throws {
        var world = World(downAfter: .seconds(5), separatesSubscriptions: false)
        world.now = world.now + .milliseconds(firstAnswerMilliseconds)
        for _ in 0..<3 { world.answerAll() }
        let shared = try #require(world.connection(to: World.master))
        world.run(for: .seconds(4))
        #expect(world.connection(to: World.master) == shared)
        let link = try #require(world.connection(to: World.master))
        var pings: [Instant] = []
        var hellos: [Instant] = []
        let end = world.now + .seconds(20)
        while world.now < end {
            world.forget()
            // Woken only when it asks for it.
            world.now = try #require(world.sentinel.nextDeadline)
            world.take(.woken)
            for case .send(link, let request, _) in world.effects {
                switch request {
                case .ping: pings.append(world.now)
                case .hello: hellos.append(world.now)
                default: break
                }
            }
            // The answers take a while.
            world.now = world.now + .milliseconds(3)
            world.answerAll()
        }
        #expect((20...22).contains(pings.count))
        #expect((10...11).contains(hellos.count))
        for (one, next) in zip(pings, pings.dropFirst()) {
            #expect(next - one <= .seconds(1) + .milliseconds(3) && next - one >= .milliseconds(900))
        }
        #expect(hellos.allSatisfy { pings.contains($0) })
    }

    @Test func `hellos keep a period that is shorter than that of PINGs`() {
        var world = World(peers: "", downAfter: .seconds(5), separatesSubscriptions: false)
        world.run(for: .seconds(2))
        var timing = world.sentinel.timing
        timing.publishPeriod = .milliseconds(200)
        _ = world.ask(.setTiming(timing))
        world.run(for: .seconds(3))
        world.forget()
        world.run(for: .seconds(4), step: .milliseconds(5))
        let hellos = world.sent.count { if case .hello = $0 { true } else { false } }
        // To each of three nodes, early by a quarter of the period at most.
        #expect((3 * 18...3 * 29).contains(hellos))
    }

    /// Source: design.md 5. In a storm of failovers there is always an epoch that is not on disk yet.
    @Test func `an epoch that is not on disk yet is not told, and holds up no hello`() {
        var world = World()
        world.run(for: .seconds(5))
        world.savesStates = false
        let newer = Hello(
            sender: World.host(ofPeer: "b"), runID: World.id("b"), currentEpoch: Epoch(7), masterName: World.name,
            master: World.master, configEpoch: .zero)
        _ = world.ask(.publishHello(newer))
        #expect(world.sentinel.currentEpoch == Epoch(7))
        world.forget()
        world.run(for: .seconds(3))
        #expect(!epochsTold(world).isEmpty && epochsTold(world).allSatisfy { $0 == .zero })
        world.take(.persisted(world.sentinel.durability.latest))
        world.forget()
        world.run(for: .seconds(3))
        #expect(!epochsTold(world).isEmpty && epochsTold(world).allSatisfy { $0 == Epoch(7) })
    }

    @Test func `a configuration that is not on disk yet is told nobody`() {
        var world = World()
        world.run(for: .seconds(5))
        world.savesStates = false
        let newer = Hello(
            sender: World.host(ofPeer: "b"), runID: World.id("b"), currentEpoch: Epoch(7), masterName: World.name,
            master: World.replicas[0], configEpoch: Epoch(7))
        _ = world.ask(.publishHello(newer))
        world.forget()
        world.run(for: .seconds(3))
        #expect(epochsTold(world).isEmpty)
        world.take(.persisted(world.sentinel.durability.latest))
        world.run(for: .milliseconds(100))
        #expect(!epochsTold(world).isEmpty && epochsTold(world).allSatisfy { $0 == Epoch(7) })
    }

    @Test func `a forced failover goes on as soon as its own vote is on disk`() {
        var world = World()
        world.run(for: .seconds(5))
        world.savesStates = false
        _ = world.ask(.failover(World.name))
        #expect(world.steps == [.tried])
        world.take(.persisted(world.sentinel.durability.latest))
        #expect(world.steps.contains(.elected) && world.steps.last == .waitingForPromotion)
    }

    private func epochsTold(_ world: World) -> [Epoch] {
        world.sent.compactMap { if case .hello(let hello) = $0 { hello.currentEpoch } else { nil } }
    }
}
