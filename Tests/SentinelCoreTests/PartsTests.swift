// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SentinelCore

@Suite struct `Numeric hosts` {
    @Test(arguments: [
        "1.2.3.4", "255.255.255.255", "0.0.0.0", "::1", "::", "fe80::1%eth0", "fe80::1%br-lan.1_2", "1:2:3:4:5:6:7:8",
        "::ffff:1.2.3.4",
        "1::8", "1:2:3:4:5:6:7::",
    ])
    func `addresses are recognised`(text: String) { #expect(NumericHost.isNumeric(text)) }

    @Test(arguments: [
        "", "localhost", "1.2.3", "1.2.3.256", "1.2.3.4.5", "01.2.3.4", "1.2.3.", ":1", "1:2:3:4:5:6:7:8:9",
        "1::2::3", "12345::", "g::1", "1:2:3:4:5:6:7", "redis-0.redis", ":::", "1.2.3.4:80", "::1%", "::1%x\ny",
        "fe80::1%a,b", "fe80::1%a b", "::1%%", "fe80::1%abcdefghijklmnop",
    ])
    func `anything else is a name`(text: String) { #expect(!NumericHost.isNumeric(text)) }

    @Test(arguments: [
        ("0:0:0:0:0:0:0:1", "::1"), ("::1", "::1"), ("0::0", "::"), ("FE80:0:0:0:0:0:0:1%eth0", "fe80::1%eth0"),
        ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("2001:0db8::0001:0", "2001:db8::1:0"),
        ("1:2:3:4:5:6:7:0", "1:2:3:4:5:6:7:0"),
        ("::ffff:10.0.0.1", "::ffff:10.0.0.1"), ("::FFFF:0a00:1", "::ffff:10.0.0.1"), ("10.0.0.1", "10.0.0.1"),
        ("1::", "1::"), ("::2", "::2"), ("::1:2", "::0.1.0.2"), ("0:0:0:1:0:0:0:0", "0:0:0:1::"),
    ])
    func `all spellings of an address are one`(text: String, canonical: String) {
        #expect(NumericHost.canonical(text) == canonical)
        let address = NodeAddress(Endpoint(host: text, port: 1))
        #expect(address.isSameNode(as: NodeAddress(Endpoint(host: canonical, port: 1))))
    }
}

@Suite struct `The agenda` {
    @Test func `gives subjects in the order of their deadlines`() {
        var agenda = Agenda()
        var generator = SeededGenerator(seed: 7)
        let delays = (0..<500).map { _ in Int.random(in: 0..<1000, using: &generator) }
        for delay in delays { agenda.enter(.tilt, at: .start + .milliseconds(delay)) }
        var seen: [Instant] = []
        while let (_, at) = agenda.next(dueAt: .start + .seconds(2)) { seen.append(at) }
        #expect(seen == delays.sorted().map { .start + .milliseconds($0) })
        #expect(agenda.earliest == nil)
    }

    @Test func `keeps its order when some are dropped, and each deadline once`() {
        var agenda = Agenda()
        var generator = SeededGenerator(seed: 8)
        let delays = (0..<500).map { _ in Int.random(in: 0..<1000, using: &generator) }
        for delay in delays { agenda.enter(.tilt, at: .start + .milliseconds(delay)) }
        #expect(agenda.isCrowded)
        agenda.keep { _, at in ((at - .start) / .milliseconds(2)).truncatingRemainder(dividingBy: 1) == 0 }
        #expect(!agenda.isCrowded)
        let rest = Set(delays.filter { $0 % 2 == 0 }).sorted()
        #expect(agenda.count == rest.count)
        agenda.enter(.scripts, at: .start + .milliseconds(501))
        var seen: [Instant] = []
        while let (_, at) = agenda.next(dueAt: .start + .seconds(2)) { seen.append(at) }
        #expect(seen == (rest + [501]).sorted().map { .start + .milliseconds($0) })
    }

    /// A group is looked at when a PING will have been unanswered for down-after, which is hardly ever the next time.
    @Test func `holds no more than is waited for, however far off`() {
        var world = World(downAfter: .seconds(1_000_000))
        for _ in 0..<30 {
            world.run(for: .seconds(60), step: .milliseconds(500))
            world.forget()
        }
        #expect(world.sentinel.agenda.count <= Agenda.leastCrowd)
    }

    /// With each connection that is lost, the group is looked at, and waits for the same moment as before.
    @Test func `holds no more for a group that waits long and is looked at often`() {
        var world = World(quorum: 1, failoverTimeout: .seconds(10_000))
        world.run(for: .seconds(5))
        for node in [World.master] + World.replicas + [World.host(ofPeer: "b"), World.host(ofPeer: "c")] {
            world.kill(node)
            world.refuseNew(node)
        }
        for _ in 0..<30 {
            world.run(for: .seconds(10), step: .milliseconds(100))
            world.forget()
        }
        #expect(world.sentinel.agenda.count <= Agenda.leastCrowd)
    }
}

@Suite struct `Slabs` {
    @Test func `an ID kept too long finds nothing`() {
        var slab = Slab<Int>()
        let first = slab.insert { _ in 1 }
        slab.remove(first)
        let second = slab.insert { _ in 2 }
        #expect(!slab.contains(first))
        #expect(slab[second] == 2)
        #expect(slab.count == 1)
    }
}

@Suite struct `Secrets` {
    @Test func `don't show in descriptions`() {
        let secret = Secret("hunter2")
        #expect("\(secret) \(String(reflecting: secret))".contains("hunter2") == false)
        var settings = MasterSettings(name: MasterName("m"), address: World.master, quorum: 1)
        settings.authPassword = secret
        #expect(!"\(settings)".contains("hunter2"))
    }
}

@Suite struct `Names of masters` {
    @Test func `are told apart by their bytes`() {
        let (one, other) = (MasterName("caf\u{E9}"), MasterName("cafe\u{301}"))
        #expect(one != other && one == MasterName("caf\u{E9}"))
        #expect(Set([one, other]).count == 2)
    }
}
