// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SentinelCore

/// Source: spec/monitoring.md 4.
@Suite struct `Subjectively down` {
    @Test func `a healthy master stays up`() {
        var world = World()
        world.run(for: .seconds(20))
        #expect(!world.events.contains { if case .sdown = $0 { true } else { false } })
    }

    @Test func `a killed master is down one down-after later and not before`() throws {
        var world = World()
        world.run(for: .seconds(5))
        let killedAt = world.now
        world.kill(World.master)
        world.run(for: .milliseconds(999), step: .milliseconds(1))
        #expect(!world.events.contains { if case .sdown = $0 { true } else { false } })
        world.run(for: .milliseconds(3), step: .milliseconds(1))
        let label = world.sentinel.label(world.sentinel.masterOrder[0])
        #expect(world.events.contains(.sdown(label)))
        let since = try #require(world.sentinel.masters[world.sentinel.masterOrder[0]].presence.sdownSince)
        #expect(since - killedAt > .seconds(1))
    }

    @Test func `a silent master is down though its connection stands`() {
        var world = World()
        world.run(for: .seconds(5))
        world.run(for: .seconds(3), answering: false)
        #expect(world.sentinel.masters[world.sentinel.masterOrder[0]].presence.isSdown)
    }

    /// Its last word may have been a PONG, and without a PING nothing is owed.
    @Test func `a silent master is down though all else it was asked leaves no room`() {
        var world = World(peers: "")
        world.run(for: .seconds(5))
        let master = world.sentinel.masterOrder[0]
        let link = world.sentinel.masters[master].presence.link
        world.sentinel.links[link].pending = Timing.pendingLimit
        world.run(for: .seconds(3), answering: false)
        #expect(world.sentinel.masters[master].presence.isSdown)
        #expect(world.sentinel.links[link].pending == Timing.pendingLimit + 1)
    }

    @Test(arguments: [Duration.milliseconds(200), .seconds(1), .seconds(3)])
    func `silence is noticed to the millisecond, whatever else is to be done`(downAfter: Duration) throws {
        var world = World(downAfter: downAfter)
        world.run(for: .seconds(5))
        var unansweredSince: Instant?
        for _ in 0..<10_000 {
            // Woken only when it asks for it.
            world.now = try #require(world.sentinel.nextDeadline)
            world.take(.woken)
            let master = world.sentinel.masters[world.sentinel.masterOrder[0]]
            if let since = master.presence.sdownSince {
                let silence = since - (try #require(unansweredSince))
                #expect(silence > downAfter && silence < downAfter + .milliseconds(1))
                return
            }
            unansweredSince = world.sentinel.links[master.presence.link].pingUnansweredSince
        }
        Issue.record("never down")
    }

    @Test(arguments: [(PingReply.pong, false), (.notReady, false), (.refused, true), (.busy, true)])
    func `only an acceptable answer keeps a master up`(answer: PingReply, isDown: Bool) {
        var world = World(peers: "")
        world.run(for: .seconds(5))
        world.pingReplies[World.master] = answer
        world.run(for: .seconds(3))
        #expect(world.sentinel.masters[world.sentinel.masterOrder[0]].presence.isSdown == isDown)
    }

    @Test func `a busy master that is down gets one SCRIPT KILL`() {
        var world = World(peers: "")
        world.run(for: .seconds(5))
        world.pingReplies[World.master] = .busy
        world.run(for: .seconds(5))
        #expect(world.sent.count { $0 == .scriptKill } == 1)
    }

    @Test func `a master that calls itself a replica is down after down-after and two INFO periods`() {
        var world = World(peers: "")
        world.run(for: .seconds(1))
        world.following[World.master] = World.replicas[0]
        // Up to ten seconds until the INFO that shows it.
        world.run(for: .seconds(20))
        #expect(!world.sentinel.masters[world.sentinel.masterOrder[0]].presence.isSdown)
        world.run(for: .seconds(12))
        #expect(world.sentinel.masters[world.sentinel.masterOrder[0]].presence.isSdown)
    }

    @Test(arguments: [5, 40])
    func `tilt lasts as long as it was set to last meanwhile`(seconds: Int) {
        var world = World()
        world.run(for: .seconds(3))
        world.now = world.now + .seconds(5)
        world.take(.woken)
        #expect(world.events.contains(.tiltEntered))
        var timing = Timing()
        timing.tiltPeriod = .seconds(seconds)
        _ = world.ask(.setTiming(timing))
        world.run(for: .seconds(seconds - 1))
        #expect(!world.events.contains(.tiltLeft))
        world.run(for: .seconds(2))
        #expect(world.events.contains(.tiltLeft))
    }

    @Test(arguments: [Duration.milliseconds(1100), .milliseconds(1900)])
    func `after a pause too short for tilt all answers that wait are heard before anyone is down`(pause: Duration) {
        var world = World()
        world.run(for: .seconds(5))
        // All are asked, and the answers arrive while the sentinel stands still.
        world.run(until: { $0.unansweredPings == 5 }, answering: false)
        world.now = world.now + pause
        world.answerAll()
        world.take(.woken)
        world.run(for: .seconds(3))
        #expect(!world.events.contains { if case .sdown = $0 { true } else { false } })
    }

    @Test func `hearing what has arrived in such a pause is no standstill, however long it takes`() {
        var world = World()
        world.run(for: .seconds(5))
        world.run(until: { $0.unansweredPings == 5 }, answering: false)
        world.now = world.now + .milliseconds(1800)
        for _ in 0..<5 {
            world.take(.malformedHello(on: nil))
            world.now = world.now + .milliseconds(200)
        }
        world.answerAll()
        world.take(.woken)
        #expect(!world.events.contains { if case .sdown = $0 { true } else { false } })
        #expect(!world.events.contains(.tiltEntered))
    }

    @Test func `hearing for very long is one`() {
        var world = World()
        world.run(for: .seconds(5))
        for _ in 0..<3 {
            world.now = world.now + .milliseconds(1800)
            world.take(.malformedHello(on: nil))
        }
        #expect(world.events.contains(.tiltEntered))
    }

    @Test func `so are they when tilt ends in such a pause`() {
        var world = World()
        world.run(for: .seconds(5))
        world.now = world.now + .seconds(3)
        world.take(.woken)
        world.run(for: .milliseconds(28_200))
        world.run(until: { $0.unansweredPings == 5 }, answering: false)
        #expect(!world.events.contains(.tiltLeft))
        world.now = world.now + .milliseconds(1900)
        world.answerAll()
        world.take(.woken)
        world.run(for: .seconds(1))
        #expect(world.events.contains(.tiltLeft))
        #expect(!world.events.contains { if case .sdown = $0 { true } else { false } })
    }

    @Test func `who has not answered after such a pause is down at once`() {
        var world = World()
        world.run(for: .seconds(5))
        world.silent = [World.master]
        world.run(until: { $0.unansweredPings == 5 }, answering: false)
        world.now = world.now + .milliseconds(1500)
        world.answerAll()
        #expect(!world.sentinel.masters[world.sentinel.masterOrder[0]].presence.isSdown)
        world.take(.woken)
        #expect(world.sentinel.masters[world.sentinel.masterOrder[0]].presence.isSdown)
    }

    @Test func `a loop that was held up enters tilt and declares nobody down`() {
        var world = World()
        world.run(for: .seconds(5))
        world.forget()
        world.now = world.now + .seconds(5)
        world.take(.woken)
        #expect(world.events == [.tiltEntered])
        world.run(for: .seconds(29))
        #expect(!world.events.contains(.tiltLeft))
        world.run(for: .seconds(2))
        #expect(world.events.contains(.tiltLeft))
    }
}

/// Source: spec/monitoring.md 3, spec/defects.md 41.
@Suite struct `Reconnecting` {
    private func attempts(_ world: World) -> Int {
        world.effects.count { if case .connect(_, .command, World.master) = $0 { true } else { false } }
    }

    @Test func `a broken connection is made again at once, but not again and again`() throws {
        var world = World()
        world.run(for: .seconds(5))
        world.forget()
        for _ in 0..<100 {
            let connection = try #require(world.connection(to: World.master))
            world.take(.disconnected(connection, reason: "closed"))
            world.run(for: .milliseconds(10), step: .milliseconds(10))
            world.run(until: { $0.connection(to: World.master) != nil }, step: .milliseconds(10))
        }
        let seconds = Double((world.now - .start).components.seconds - 5)
        #expect(Double(attempts(world)) <= 2 * seconds + 2)
        #expect(attempts(world) >= 100)
    }
}
