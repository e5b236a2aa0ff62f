// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SentinelCore

/// Source: issue 4, where nothing can be written; design.md 5.
@Suite struct `A disk that takes nothing` {
    private func persists(_ world: World) -> [Generation] {
        world.effects.compactMap { if case .persist(let generation) = $0 { generation } else { nil } }
    }

    private func vote(_ world: inout World, _ epoch: UInt64) -> Response? {
        world.ask(.isMasterDown(World.master, epoch: Epoch(epoch), candidate: World.id("b")))
    }

    private func failing() -> World {
        var world = World()
        world.savesStates = false
        world.ask(.flushConfiguration)
        world.take(.persistFailed(world.sentinel.durability.latest))
        return world
    }

    @Test func `is told of once, and once when it is over`() {
        var world = failing()
        for epoch: UInt64 in 1...5 {
            _ = vote(&world, epoch)
            world.take(.persistFailed(world.sentinel.durability.latest))
        }
        #expect(world.events.count { $0 == .stateNotSaved } == 1)
        #expect(!world.events.contains(.stateSavedAgain))
        world.take(.persisted(world.sentinel.durability.latest))
        world.take(.persisted(world.sentinel.durability.latest))
        #expect(world.events.count { $0 == .stateSavedAgain } == 1)
        #expect(world.sentinel.counters.failedSaves == 6)
    }

    @Test func `refuses commands that have to be remembered`() {
        var world = failing()
        #expect(world.ask(.remove(World.name)) == nil)
        world.take(.persistFailed(world.sentinel.durability.latest))
        #expect(world.answer(to: world.lastRequest) == .failed(.notSaved))
    }

    @Test func `is tried again after 1, 2, 4 … and at most 30 seconds`() {
        var world = failing()
        world.forget()
        var pauses: [Duration] = []
        for _ in 0..<8 {
            let begin = world.now
            while persists(world).isEmpty, world.now - begin < .seconds(40) {
                world.run(for: .milliseconds(100), step: .milliseconds(100))
            }
            #expect(persists(world) == [world.sentinel.durability.latest])
            pauses.append(world.now - begin)
            world.take(.persistFailed(world.sentinel.durability.latest))
            world.forget()
        }
        #expect(pauses == [1, 2, 4, 8, 16, 30, 30, 30].map { Duration.seconds($0) })
        world.take(.persisted(world.sentinel.durability.latest))
        world.run(for: .seconds(60), step: .milliseconds(500))
        #expect(persists(world).isEmpty)
    }

    @Test func `has one retry under way, however many changes fail meanwhile`() {
        var world = failing()
        for epoch: UInt64 in 1...50 {
            _ = vote(&world, epoch)
            world.take(.persistFailed(world.sentinel.durability.latest))
        }
        world.forget()
        world.run(for: .seconds(2), step: .milliseconds(50))
        #expect(persists(world).count == 1)
    }

    @Test func `does not make it remember every vote that was asked for`() {
        var world = failing()
        for epoch: UInt64 in 1...500 {
            _ = vote(&world, epoch)
            world.take(.persistFailed(world.sentinel.durability.latest))
        }
        world.forget()
        world.take(.persisted(world.sentinel.durability.latest))
        let votes = world.events.compactMap { if case .voted(let vote, _) = $0 { vote.epoch.number } else { nil } }
        #expect(votes == Array(401...500))
    }

    /// Of so many that not each is remembered, none is told before it is on disk.
    @Test func `has epochs told no sooner than they are saved, and does not remember all`() {
        var durability = Durability(savedEpoch: .zero)
        let generations = (1...300).map { number in
            durability.beginInput()
            let generation = durability.advance(at: .start).generation
            durability.note(Epoch(UInt64(number)), in: generation)
            return generation
        }
        let remembered = Mirror(reflecting: durability).children.first { $0.label == "unsavedEpochs" }?.value
        #expect((remembered as? [Any])?.count == Durability.mostUnsaved)
        for (index, generation) in generations.enumerated() {
            _ = durability.noteSaved(generation, at: .start)
            #expect(durability.savedEpoch <= Epoch(UInt64(index + 1)))
        }
        #expect(durability.savedEpoch == Epoch(300))
    }

    @Test func `does not stop the monitoring`() {
        var world = failing()
        world.opinions = [:]
        world.kill(World.master)
        world.run(for: .seconds(3))
        #expect(world.events.contains { if case .sdown = $0 { true } else { false } })
    }

    @Test func `keeps this sentinel from leading a failover, since its own vote counts`() {
        var world = failing()
        world.kill(World.master)
        world.letPeersAgree()
        for _ in 0..<100 {
            world.run(for: .milliseconds(50))
            if persists(world).last.map({ !world.sentinel.durability.covers($0) }) == true {
                world.take(.persistFailed(world.sentinel.durability.latest))
            }
            world.letPeersAgree()
        }
        #expect(!world.steps.contains(.elected))
        #expect(world.steps.contains(.tried))
    }
}
