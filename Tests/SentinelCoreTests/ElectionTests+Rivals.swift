// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SentinelCore

/// Here: candidates that can't be heard, other names of one master, and attempts that are to no avail.
extension Elections {
    private func attempts(in world: World) -> Int { world.steps.count { $0 == .tried } }

    /// A sentinel that can ask and be answered is there, though nobody reaches it.
    @Test func `a candidate that was held down when it asked has its time`() {
        var world = World()
        world.kill(World.host(ofPeer: "c"))
        world.run(for: .seconds(5))
        world.kill(World.master)
        world.run(for: .seconds(2))
        _ = world.ask(.isMasterDown(World.master, epoch: Epoch(1), candidate: World.id("c")))
        world.letPeersAgree()
        world.run(for: .milliseconds(900))
        #expect(world.sentinel.masters[world.sentinel.masterOrder[0]].odownSince != nil)
        #expect(attempts(in: world) == 0)
        // It did nothing, and is down as before.
        world.run(for: .seconds(2))
        #expect(attempts(in: world) == 1)
    }

    /// Two candidates that reach the same voter and not each other.
    @Test func `a candidate that can't be heard has its own vote all the same`() {
        var world = World(failoverTimeout: .seconds(30))
        world.run(for: .seconds(5))
        world.kill(World.host(ofPeer: "b"))
        world.run(for: .seconds(3))
        let epoch = world.sentinel.currentEpoch.next
        world.opinions[World.host(ofPeer: "c")] = { candidate in
            Opinion(isDown: true, vote: candidate.map { _ in Vote(candidate: World.id("b"), epoch: epoch) })
        }
        world.kill(World.master)
        world.run(until: { $0.steps.contains(.notElected) })
        world.run(for: .milliseconds(900))
        #expect(world.steps == [.tried, .notElected])
        // He may be dead as well.
        world.run(for: .milliseconds(500))
        #expect(attempts(in: world) > 1)
    }

    @Test func `who votes for another in a later epoch does not stand again soon`() {
        var world = World(peers: "bcde", quorum: 1, failoverTimeout: .seconds(30))
        world.run(for: .seconds(5))
        world.kill(World.master)
        world.run(until: { $0.steps == [.tried] })
        let vote = world.ask(.isMasterDown(World.master, epoch: Epoch(7), candidate: World.id("b")))
        #expect(vote == .opinion(isDown: true, leader: World.id("b"), epoch: Epoch(7)))
        for letter: Character in ["b", "c", "d", "e"] {
            world.opinions[World.host(ofPeer: letter)] = { candidate in
                Opinion(isDown: true, vote: candidate.map { _ in Vote(candidate: World.id(letter), epoch: Epoch(1)) })
            }
        }
        world.run(for: .seconds(25))
        #expect(world.steps == [.tried, .notElected])
    }

    /// It need not be somebody who stands for this group at all.
    @Test func `who votes for another in a later epoch can still win`() {
        var world = World(peers: "bcde", quorum: 1)
        world.run(for: .seconds(5))
        world.kill(World.master)
        world.run(until: { $0.steps == [.tried] })
        _ = world.ask(.isMasterDown(World.master, epoch: Epoch(7), candidate: World.id("9")))
        for letter: Character in ["b", "c", "d"] {
            world.opinions[World.host(ofPeer: letter)] = { candidate in
                Opinion(isDown: true, vote: candidate.map { Vote(candidate: $0, epoch: Epoch(1)) })
            }
        }
        world.run(for: .seconds(5))
        #expect(world.steps.contains(.elected))
    }

    @Test func `an attempt whose vote could not be saved leaves whom it voted for since his time`() {
        var world = World(peers: "b", quorum: 1, failoverTimeout: .seconds(60))
        world.run(for: .seconds(5))
        world.savesStates = false
        world.kill(World.master)
        world.run(for: .seconds(5))
        _ = world.ask(.isMasterDown(World.master, epoch: Epoch(7), candidate: World.id("b")))
        world.run(for: .seconds(30))
        #expect(world.steps == [.tried, .notElected])
    }

    /// Each attempt costs an epoch, which all hear of.
    @Test func `while the disk takes nothing there are no more attempts than usual`() {
        var world = World(peers: "", quorum: 1, failoverTimeout: .seconds(60))
        world.run(for: .seconds(5))
        world.savesStates = false
        world.kill(World.master)
        for _ in 0..<600 {
            world.run(for: .milliseconds(100))
            world.take(.persistFailed(world.sentinel.durability.latest))
        }
        #expect(world.steps == [.tried, .notElected])
        world.savesStates = true
        world.take(.persisted(world.sentinel.durability.latest))
        world.run(for: .seconds(3))
        #expect(world.steps.contains(.ended))
    }

    @Test func `a master that is watched under two names is replaced under both`() {
        var world = World(peers: "", quorum: 1, failoverTimeout: .seconds(60))
        let other = MasterName("other")
        #expect(world.ask(.monitor(other, World.master, quorum: 1)) == .ok)
        let change = OptionChange(.downAfter(.seconds(1)), name: "down-after-milliseconds", shown: "1000")
        #expect(world.ask(.set(other, [change])) == .ok)
        world.replicasOf[World.master] = World.replicas
        world.run(for: .seconds(15))
        world.kill(World.master)
        world.run(for: .seconds(5))
        let elected = world.events.compactMap { event in
            if case .failover(.elected, let label) = event { label.masterName } else { nil }
        }
        #expect(Set(elected) == [World.name, other])
    }

    /// Each attempt costs an epoch and keeps others from standing.
    @Test func `a master that followed its own replica is not looked after for ever once it is gone`() {
        var world = World(failoverTimeout: .seconds(10))
        world.run(for: .seconds(5))
        world.following[World.master] = World.replicas[0]
        world.run(for: .seconds(12))
        for node in [World.master] + World.replicas { world.kill(node) }
        world.runElected(for: .seconds(60))
        #expect(world.steps.contains(.noGoodReplica))
        #expect((3...6).contains(attempts(in: world)))
    }

    /// A disk that was full or hung for a while costs no more than that.
    @Test func `an attempt whose vote could not be saved is made again soon`() {
        var world = World(peers: "", quorum: 1, failoverTimeout: .seconds(60))
        world.run(for: .seconds(5))
        world.savesStates = false
        world.kill(World.master)
        world.run(for: .seconds(15))
        #expect(world.steps.starts(with: [.tried, .notElected]))
        #expect(!world.steps.contains(.elected))
        world.savesStates = true
        world.take(.persisted(world.sentinel.durability.latest))
        world.run(for: .seconds(5))
        #expect(world.steps.contains(.ended))
    }

    @Test func `one that merely looked lets better candidates go first when a replica is back`() {
        let better = "bcdefghijklmnop".filter {
            Sentinel.rank(World.id($0), Epoch(4)) < Sentinel.rank(World.myID, Epoch(4))
        }
        var world = World(peers: String(better.prefix(2)), quorum: 1, failoverTimeout: .seconds(60))
        world.run(for: .seconds(5))
        for node in [World.master] + World.replicas { world.kill(node) }
        world.runElected(for: .seconds(20))
        #expect(attempts(in: world) == 3)
        #expect(world.sentinel.currentEpoch == Epoch(3))
        let group = world.sentinel.masterOrder[0]
        world.revive(World.replicas[0])
        var looked = world.now
        while attempts(in: world) == 3, world.now < .start + .seconds(60) {
            if world.sentinel.masters[group].candidacyAt == nil { looked = world.now }
            world.run(for: .milliseconds(1), step: .milliseconds(1))
        }
        #expect(world.now - looked >= .milliseconds(60))
    }
}
