// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SentinelCore

/// One process is one voter, however many sentinels had its address before. Source: Docs/differences.md.
@Suite struct `A sentinel at another's address` {
    /// A world in which these peers have these addresses, the master is dead and whoever is reached agrees.
    private func dying(
        _ peers: [(Character, at: Character)], dead: String = "", _ change: (inout World) -> Void = { _ in }
    ) -> World {
        var world = World { settings in
            settings.knownSentinels = peers.map {
                KnownSentinel(address: World.host(ofPeer: $0.at), runID: World.id($0.0))
            }
        }
        world.run(for: .seconds(5))
        change(&world)
        for letter in dead { world.kill(World.host(ofPeer: letter)) }
        world.kill(World.master)
        world.runElected(for: .seconds(6))
        return world
    }

    private func hello(from letter: Character, at place: Character) -> Command {
        .publishHello(
            Hello(
                sender: World.host(ofPeer: place), runID: World.id(letter), currentEpoch: .zero,
                masterName: World.name, master: World.master, configEpoch: .zero))
    }

    @Test func `that is our own is not asked: nobody elects himself`() {
        // Connections are made from 10.0.1.97, which is where `a` is.
        var world = dying([("b", "a")])
        #expect(!world.events.contains { if case .odown = $0 { true } else { false } })
        #expect(world.steps.isEmpty)
        let report = Response.QuorumReport(usable: 1, reachesQuorum: false, reachesMajority: false)
        #expect(world.ask(.checkQuorum(World.name)) == .quorum(report))
        // It is elsewhere after all.
        _ = world.ask(hello(from: "b", at: "b"))
        world.runElected(for: .seconds(4))
        #expect(world.steps.contains(.promoted))
    }

    @Test func `has one vote, and the one that was there none until it is heard elsewhere`() {
        var world = dying([("b", "b"), ("c", "c"), ("d", "d")], dead: "cd") { _ = $0.ask(hello(from: "c", at: "b")) }
        #expect(world.steps.contains(.tried) && !world.steps.contains(.elected))
        #expect(world.sentinel.masters[world.sentinel.masterOrder[0]].peers.count == 3)
        _ = world.ask(hello(from: "b", at: "e"))
        world.runElected(for: .seconds(30))
        #expect(world.steps.contains(.promoted))
    }

    @Test func `is not counted twice after a restart either, and whoever speaks there is it`() {
        let peers: [(Character, at: Character)] = [("b", "b"), ("c", "b"), ("d", "d")]
        var world = dying(peers, dead: "d")
        #expect(world.steps.contains(.tried) && !world.steps.contains(.elected))
        func counted() -> [Character] {
            "bcd".filter { letter in
                world.sentinel.masters[world.sentinel.masterOrder[0]].peers.contains {
                    $0.runID == World.id(letter) && !$0.isUsurped
                }
            }
        }
        for letter: Character in ["c", "b", "c"] {
            _ = world.ask(hello(from: letter, at: "b"))
            #expect(counted() == [letter, "d"])
        }
    }
}
