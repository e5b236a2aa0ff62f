// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SentinelCore

/// Source: spec/monitoring.md 5.
@Suite struct `Elections` {
    private func ask(_ world: inout World, for letter: Character, _ epoch: UInt64) -> Response? {
        world.ask(.isMasterDown(World.master, epoch: Epoch(epoch), candidate: World.id(letter)))
    }

    @Test func `the first to ask gets the vote of an epoch, and all others are told so`() {
        var world = World()
        #expect(ask(&world, for: "b", 3) == .opinion(isDown: false, leader: World.id("b"), epoch: Epoch(3)))
        #expect(ask(&world, for: "c", 3) == .opinion(isDown: false, leader: World.id("b"), epoch: Epoch(3)))
        #expect(ask(&world, for: "c", 2) == .opinion(isDown: false, leader: World.id("b"), epoch: Epoch(3)))
        #expect(ask(&world, for: "c", 4) == .opinion(isDown: false, leader: World.id("c"), epoch: Epoch(4)))
    }

    @Test func `a vote is told only once it is on disk`() {
        var world = World()
        world.savesStates = false
        #expect(ask(&world, for: "b", 1) == nil)
        let request = world.lastRequest
        let event = Effect.emit(.voted(Vote(candidate: World.id("b"), epoch: Epoch(1)), World.name))
        #expect(!world.effects.contains(event))
        world.take(.persisted(world.sentinel.durability.latest))
        #expect(world.effects.count { $0 == event } == 1)
        #expect(world.answer(to: request) == .opinion(isDown: false, leader: World.id("b"), epoch: Epoch(1)))
    }

    @Test func `a vote that can't be saved is not told, then or later`() {
        var world = World()
        world.savesStates = false
        _ = ask(&world, for: "b", 1)
        let request = world.lastRequest
        world.take(.persistFailed(world.sentinel.durability.latest))
        #expect(world.answer(to: request) == .opinion(isDown: false, leader: nil, epoch: .zero))
        // Asked again it does not wait for a retry: a peer's pings stand in the same line.
        #expect(ask(&world, for: "b", 1) == .opinion(isDown: false, leader: nil, epoch: .zero))
        let event = Effect.emit(.voted(Vote(candidate: World.id("b"), epoch: Epoch(1)), World.name))
        #expect(!world.effects.contains(event))
        // The log may have it once the disk takes it after all.
        world.take(.persisted(world.sentinel.durability.latest))
        #expect(world.effects.count { $0 == event } == 1)
    }

    /// Milliseconds from odown to this sentinel's candidacy, among peers of which each is better placed than it.
    private func candidacyDelay(saving: Duration) throws -> Duration? {
        let better = "bcdefghijklmnop".filter {
            Sentinel.rank(World.id($0), Epoch(1)) < Sentinel.rank(World.myID, Epoch(1))
        }
        try #require(better.count >= 2)
        var world = World(peers: String(better.prefix(2)))
        world.run(for: .seconds(5))
        world.savesStates = false
        _ = world.ask(.flushConfiguration)
        world.now = world.now + saving
        world.take(.persisted(world.sentinel.durability.latest))
        world.letPeersAgree()
        world.kill(World.master)
        var odownAt: Instant?
        while world.steps.isEmpty, world.now < .start + .seconds(10) {
            world.run(for: .milliseconds(1), step: .milliseconds(1))
            if odownAt == nil, world.events.contains(where: { if case .odown = $0 { true } else { false } }) {
                odownAt = world.now
            }
        }
        return odownAt.map { world.now - $0 }
    }

    @Test func `candidates keep a greater distance where saving takes long`() throws {
        let delays = try [Duration.zero, .milliseconds(50), .seconds(1)].map { try candidacyDelay(saving: $0) }
        #expect(delays == [.milliseconds(60), .milliseconds(200), .milliseconds(600)])
    }

    @Test func `a vote survives a restart as an epoch that is used up`() {
        var world = World()
        _ = ask(&world, for: "b", 7)
        var again = Sentinel(
            world.sentinel.remembered, myID: World.myID, listeningPort: 26379, requirePassword: nil, seed: 2)
        let request = RequestID(1)
        let effects = again.handle(
            .command(request, .isMasterDown(World.master, epoch: Epoch(7), candidate: World.id("c"))), at: .start)
        #expect(effects.contains(.answer(request, .opinion(isDown: false, leader: nil, epoch: Epoch(7)))))
    }

    @Test func `an unknown master gets neither opinion nor vote nor epoch`() {
        var world = World()
        let stranger = Endpoint(host: "10.9.9.9", port: 1)
        #expect(
            world.ask(.isMasterDown(stranger, epoch: Epoch(9), candidate: World.id("b")))
                == .opinion(isDown: false, leader: nil, epoch: .zero))
        #expect(world.sentinel.currentEpoch == .zero)
    }

    /// Source: spec/defects.md 2.
    @Test func `one request can't use up the epochs`() {
        var world = World()
        world.run(for: .seconds(5))
        let asked = Epoch(1 << 62)
        #expect(
            world.ask(.isMasterDown(World.master, epoch: asked, candidate: World.id("b")))
                == .opinion(isDown: false, leader: nil, epoch: .zero))
        #expect(world.sentinel.currentEpoch == Epoch(1 << 40))
        world.letPeersAgree()
        world.kill(World.master)
        world.run(for: .seconds(20))
        #expect(world.steps.contains(.ended))
        #expect(world.sentinel.remembered.masters[0].configEpoch == Epoch((1 << 40) + 1))
    }

    @Test func `an epoch that is far ahead is come up with step by step, and its configuration waits`() {
        var world = World()
        world.run(for: .seconds(5))
        let far = Epoch((1 << 40) + (3 << 20) - 1)
        let hello = Hello(
            sender: World.host(ofPeer: "b"), runID: World.id("b"), currentEpoch: far, masterName: World.name,
            master: World.replicas[0], configEpoch: far)
        for step: UInt64 in 0..<3 {
            _ = world.ask(.publishHello(hello))
            #expect(world.sentinel.currentEpoch == Epoch((1 << 40) + (step << 20)))
            #expect(world.ask(.masterAddress(World.name)) == .address(World.master))
        }
        _ = world.ask(.publishHello(hello))
        #expect(world.sentinel.currentEpoch == far)
        #expect(world.ask(.masterAddress(World.name)) == .address(World.replicas[0]))
    }

    @Test func `nobody is asked for a vote before our own is on disk`() {
        var world = World()
        world.run(for: .seconds(5))
        world.letPeersAgree()
        world.kill(World.master)
        world.run(for: .milliseconds(1000), step: .milliseconds(1))
        world.savesStates = false
        world.forget()
        world.run(for: .milliseconds(200), step: .milliseconds(1))
        func asksForVotes(_ request: Request) -> Bool {
            if case .isMasterDown(_, _, .some) = request { true } else { false }
        }
        #expect(world.steps == [.tried])
        #expect(!world.sent.contains(where: asksForVotes))
        world.take(.persisted(world.sentinel.durability.latest))
        #expect(world.sent.contains(where: asksForVotes))
    }

    @Test func `a candidate that is refused because the quorum is in a newer epoch stands in a newer one soon`() throws
    {
        var world = World(failoverTimeout: .seconds(60))
        world.run(for: .seconds(5))
        // As the original does: a vote from before, and none in this epoch.
        for letter in ["b", "c"] as [Character] {
            world.opinions[World.host(ofPeer: letter)] = { candidate in
                guard let candidate else { return Opinion(isDown: true, vote: nil) }
                return Opinion(isDown: true, vote: Vote(candidate: candidate, epoch: .zero))
            }
        }
        world.kill(World.master)
        world.run(for: .milliseconds(1100), step: .milliseconds(1))
        let hello = Hello(
            sender: World.host(ofPeer: "b"), runID: World.id("b"), currentEpoch: Epoch(9), masterName: World.name,
            master: World.master, configEpoch: .zero)
        _ = world.ask(.publishHello(hello))
        for letter in ["b", "c"] as [Character] {
            world.opinions[World.host(ofPeer: letter)] = { candidate in
                Opinion(isDown: true, vote: candidate.map { Vote(candidate: $0, epoch: Epoch(10)) })
            }
        }
        world.run(for: .seconds(2), step: .milliseconds(5))
        #expect(world.steps.last == .ended)
        #expect(world.sentinel.remembered.masters[0].configEpoch == Epoch(10))
    }

    @Test(arguments: [(1, 1, 1), (2, 1, 2), (3, 2, 2), (3, 3, 3), (4, 2, 3), (5, 2, 3), (5, 4, 4)])
    func `a winner needs a majority and the quorum`(voters: Int, quorum: Int, needed: Int) {
        #expect(Quorum.needed(voters: voters, quorum: quorum) == needed)
    }

    @Test func `the verdict agrees with its definition for all small elections`() {
        let (me, other) = (World.id("a"), World.id("b"))
        for needed in 1...4 {
            for own in 0...5 {
                for theirs in 0...5 {
                    for open in 0...3 {
                        let verdict = Quorum.verdict(
                            for: me, votes: [(other, theirs), (me, own)], open: open, needed: needed)
                        let expected: Quorum.Verdict =
                            own >= needed
                            ? .won : theirs >= needed ? .lost : max(own, theirs) + open >= needed ? .pending : .split
                        #expect(verdict == expected)
                    }
                }
            }
        }
    }

    @Test func `all sentinels rank candidates alike, and epochs favour different ones`() {
        let ids = (0..<5).map { World.id(Character(String($0))) }
        let firsts = Set(
            (0..<50).map { epoch in
                ids.min { Sentinel.rank($0, Epoch(epoch)) < Sentinel.rank($1, Epoch(epoch)) }
            })
        #expect(firsts.count > 2)
    }

    @Test func `without a majority nobody is elected, and the next attempt keeps its distance`() {
        // Quorum 1: odown at once, but two of three voters don't answer.
        var world = World(quorum: 1, failoverTimeout: .seconds(10))
        world.run(for: .seconds(5))
        world.kill(World.master)
        world.run(for: .seconds(30))
        #expect(world.steps.prefix(2) == [.tried, .notElected])
        #expect(world.steps.count { $0 == .tried } <= 2)
        #expect(!world.steps.contains(.elected))
    }

    /// Found by the simulator (seed 1100950): votes that had split in earlier outages had a later one wait.
    @Test func `votes that split in one outage are no reason to wait in the next`() {
        var world = World(peers: "bc")
        world.sentinel.masters[world.sentinel.masterOrder[0]].splitVotes = 9
        world.letPeersAgree()
        world.kill(World.master)
        world.run(for: .milliseconds(1020))
        world.revive(World.master)
        world.opinions = [:]
        world.run(for: .seconds(8))
        #expect(world.sentinel.masters[world.sentinel.masterOrder[0]].odownSince == nil)
        #expect(world.sentinel.masters[world.sentinel.masterOrder[0]].splitVotes == 0)
    }

    /// Else all whose votes had split would stand at the same moment.
    @Test func `votes that split in one outage leave everybody his rank in the next`() {
        var world = split()
        world.sentinel.masters[world.sentinel.masterOrder[0]].retryAt = world.now + .seconds(60)
        world.revive(World.master)
        world.opinions = [:]
        world.run(for: .seconds(3))
        let group = world.sentinel.masters[world.sentinel.masterOrder[0]]
        #expect(group.odownSince == nil && group.retryAt == nil && group.attemptedAt == nil)
    }

    @Test func `a split vote is tried again soon`() {
        var world = split()
        // Four better candidates and the first spread; not whenever the next PING happens to be due.
        world.run(for: .milliseconds(4 * 30 + 2 * 30 + 2), step: .milliseconds(1))
        #expect(world.steps.starts(with: [.tried, .notElected, .tried]))
    }

    /// A world in which nobody was elected.
    private func split() -> World {
        var world = World(peers: "bcde", quorum: 2)
        world.run(for: .seconds(5))
        // Two for us, two for another, who has his own: nobody gets three.
        for (letter, choice) in [("b", "b"), ("c", "b"), ("d", "d"), ("e", "d")] as [(Character, Character)] {
            world.opinions[World.host(ofPeer: letter)] = { candidate in
                Opinion(isDown: true, vote: candidate.map { _ in Vote(candidate: World.id(choice), epoch: Epoch(1)) })
            }
        }
        world.kill(World.master)
        world.run(until: { $0.steps.contains(.notElected) }, step: .milliseconds(1))
        return world
    }
}
