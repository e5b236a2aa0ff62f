// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SentinelCore

/// Source: spec/monitoring.md 9a.
@Suite struct `Scripts` {
    private func started(_ world: World) -> [(id: ScriptID, call: ScriptCall)] {
        world.effects.compactMap { if case .runScript(let id, _, let call) = $0 { (id, call) } else { nil } }
    }

    private func world() -> World {
        World(peers: "") { settings in
            settings.quorum = 1
            settings.notificationScript = "/notify"
            settings.clientReconfigScript = "/reconfigure"
        }
    }

    /// Starts the sentinel and lets its first notification, of +monitor, end well.
    private func quietWorld() throws -> World {
        var world = world()
        let first = try #require(started(world).first)
        world.take(.scriptStarted(first.id, processID: 1))
        world.take(.scriptEnded(first.id, .exited(code: 0)))
        world.forget()
        return world
    }

    @Test func `a warning about a group runs its notification script, a notice does not`() throws {
        var world = try quietWorld()
        world.run(for: .seconds(3))
        #expect(started(world).isEmpty)
        world.kill(World.master)
        let label = world.sentinel.label(world.sentinel.masterOrder[0])
        world.run(for: .milliseconds(1050), step: .milliseconds(1))
        #expect(started(world).first?.call == .notification(.sdown(label)))
    }

    @Test func `the leader runs the reconfiguration script at the promotion`() throws {
        var world = try quietWorld()
        world.run(for: .seconds(3))
        world.kill(World.master)
        for _ in 0..<40 {
            world.run(for: .milliseconds(50), step: .milliseconds(5))
            for (id, _) in started(world) { world.take(.scriptEnded(id, .exited(code: 0))) }
        }
        #expect(
            started(world).contains {
                $0.call
                    == .reconfiguration(World.name, isLeader: true, from: World.master, to: World.replicas[1])
            })
    }

    @Test func `code 1 and signals are tried again after 30, 60, 120 seconds, ten times in all`() throws {
        var world = world()
        for attempt in 1...10 {
            let id = try #require(started(world).last).id
            world.take(.scriptEnded(id, attempt.isMultiple(of: 2) ? .killed(signal: 9) : .exited(code: 1)))
            guard attempt < 10 else { break }
            let before = started(world).count
            world.now = world.now + .seconds(30 << (attempt - 1)) - .milliseconds(1)
            world.take(.woken)
            #expect(started(world).count == before)
            world.now = world.now + .milliseconds(1)
            world.take(.woken)
            #expect(started(world).count == before + 1)
        }
        #expect(world.events.contains(.scriptFailed(path: "/notify", .killed(signal: 9))))
        #expect(world.sentinel.scripts.jobs.isEmpty)
    }

    @Test func `other codes are final`() throws {
        var world = world()
        let id = try #require(started(world).last).id
        world.take(.scriptEnded(id, .exited(code: 2)))
        #expect(world.events.last == .scriptFailed(path: "/notify", .exited(code: 2)))
        #expect(world.ask(.pendingScripts) == .pendingScripts([]))
    }

    @Test func `one that takes a minute is ended`() throws {
        var world = world()
        let id = try #require(started(world).last).id
        world.take(.scriptStarted(id, processID: 77))
        world.run(for: .seconds(59))
        #expect(!world.effects.contains(.killScript(id)))
        world.run(for: .seconds(2))
        #expect(world.effects.contains(.killScript(id)))
        #expect(world.events.contains(.scriptTimedOut(path: "/notify", processID: 77)))
    }

    @Test func `sixteen run at once, 256 wait, and what is dropped is counted`() throws {
        var world = world()
        let change = OptionChange(.quorum(1), name: "quorum", shown: "1")
        for _ in 0..<300 { world.ask(.set(World.name, [change])) }
        #expect(started(world).count == 16)
        #expect(world.sentinel.scripts.jobs.count == 256)
        #expect(world.sentinel.counters.droppedScripts == 45)
        #expect(world.effects.count { if case .log(.scriptDropped) = $0 { true } else { false } } == 1)
        world.take(.scriptEnded(try #require(started(world).first).id, .exited(code: 0)))
        #expect(started(world).count == 17)
    }
}
