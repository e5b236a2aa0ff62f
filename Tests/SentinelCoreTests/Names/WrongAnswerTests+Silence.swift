// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SentinelCore

/// Here: answers that nobody gives again, or that are doubted meanwhile.
extension `A wrong answer about a name` {
    @Test func `is not confirmed by a short silence after it has been given for some time`() {
        var world = World(resolvesHostnames: true) { $0.address = Self.named }
        world.names["redis-0"] = ["10.0.0.66"]
        world.take(.resolved("redis-0", ["10.0.0.66"]))
        world.run(for: .seconds(8))
        world.names["redis-0"] = []
        world.run(for: .seconds(13))
        #expect(!world.sentinel.names.isConfirmed("redis-0"))
        world.run(for: .seconds(10))
        #expect(world.sentinel.names.isConfirmed("redis-0"))
    }

    @Test func `does not get its number into the file by silence`() {
        var world = world(announcesHostnames: false)
        world.names["redis-0"] = []
        world.run(for: .seconds(40))
        #expect(world.sentinel.names.isConfirmed("redis-0"))
        #expect(world.sentinel.remembered.masters[0].address == Self.named)
        world.names["redis-0"] = [World.master.host]
        world.run(for: .seconds(15))
        #expect(world.sentinel.remembered.masters[0].address == World.master)
    }

    @Test func `stays doubted while it is given again where nothing speaks against it`() {
        var names = SentinelCore.Names()
        func answer(isDoubtful: Bool, after time: Duration) {
            _ = names.answer(
                "redis-1", ["10.0.0.1"], isDoubtful: isDoubtful, isShared: false, at: .start + time)
        }
        answer(isDoubtful: true, after: .zero)
        answer(isDoubtful: false, after: .seconds(2))
        #expect(names.isDoubted("redis-1"))
        answer(isDoubtful: false, after: .seconds(10))
        #expect(names.addresses(of: "redis-1") == ["10.0.0.1"])
    }

    @Test func `is not believed on account of a clock that jumped`() {
        var names = SentinelCore.Names()
        var directory = LinkDirectory()
        directory.insert(
            Link.ID(slot: 0, generation: 0), NodeAddress(Endpoint(host: "redis-1", port: World.master.port)))
        func answer(_ address: String, isDoubtful: Bool, after time: Duration) {
            let now = Instant.start + time
            let isAsked = names.shouldAsk("redis-1", inUse: directory, isUrgent: true, spacing: .seconds(1), at: now)
            #expect(isAsked)
            _ = names.answer("redis-1", [address], isDoubtful: isDoubtful, isShared: false, at: now)
        }
        answer("10.0.0.1", isDoubtful: false, after: .zero)
        answer("10.0.0.2", isDoubtful: true, after: .seconds(40))
        #expect(names.addresses(of: "redis-1") == ["10.0.0.1"])
        answer("10.0.0.2", isDoubtful: false, after: .seconds(41))
        #expect(names.isChangeNew("redis-1"))
    }

    @Test func `about the master has nobody promoted who was heard of there, while another group is there`() {
        var world = astray()
        let alone = world
        _ = world.ask(.monitor(MasterName("other"), Self.wrong, quorum: 1))
        for (world, isShared) in [(world, true), (alone, false)] {
            var world = world
            world.run(for: .seconds(1))
            world.kill(Self.wrong)
            world.run(for: .seconds(4))
            let isChosen = world.events.contains {
                if case .failover(.selectedReplica, let label) = $0 { label.masterName == World.name } else { false }
            }
            #expect(isChosen == !isShared)
        }
    }

    /// Two replicas, of which one's name was answered with where the other is.
    private func doubles(named other: String?) -> World {
        let place = World.replicas[0]
        var world = World(peers: "", quorum: 1, resolvesHostnames: true, announcesHostnames: true) { settings in
            settings.knownReplicas = [
                Endpoint(host: "redis-5", port: place.port),
                other.map { Endpoint(host: $0, port: place.port) } ?? place,
            ]
        }
        world.names = ["redis-5": [place.host]]
        world.take(.resolved("redis-5", [place.host]))
        if let other {
            world.names[other] = [place.host]
            world.take(.resolved(other, [place.host]))
        }
        return world
    }

    @Test(arguments: [nil, "redis-6"])
    func `about a replica does not have another forgotten who is there`(other: String?) {
        var world = doubles(named: other)
        world.run(for: .seconds(3))
        world.names["redis-5"] = ["10.0.0.9"]
        world.run(for: .seconds(25))
        #expect(Set(replicas(of: world)) == [World.replicas[0].host, "10.0.0.9"])
        #expect(world.sentinel.remembered.masters[0].knownReplicas.count == 2)
    }

    /// He is listed by his number as well, for his name was answered only once before the attempt.
    @Test func `about who was promoted does not have him follow himself`() {
        let place = World.replicas[0]
        var world = World(peers: "bc", quorum: 1, resolvesHostnames: true, announcesHostnames: true) { settings in
            settings.knownReplicas = [Endpoint(host: "redis-5", port: place.port), place, World.replicas[1]]
            settings.parallelSyncs = 5
        }
        world.offsets[World.replicas[1]] = 1
        world.unmoved = [World.replicas[1]]
        world.names = ["redis-5": [place.host]]
        world.take(.resolved("redis-5", [place.host]))
        world.run(for: .seconds(5))
        world.kill(World.master)
        world.run(until: { $0.steps.contains(.tried) })
        world.run(until: { $0.sentinel.names.isConfirmed("redis-5") })
        #expect(replicas(of: world).count == 3)
        let epoch = world.sentinel.currentEpoch
        for peer: Character in ["b", "c"] {
            world.opinions[World.host(ofPeer: peer)] = { candidate in
                Opinion(isDown: true, vote: candidate.map { Vote(candidate: $0, epoch: epoch) })
            }
        }
        world.run(untilStep: .promoted)
        #expect(world.sentinel.masters[world.sentinel.masterOrder[0]].promoted?.presence.address.host == "redis-5")
        #expect(replicas(of: world).count == 3)
        world.kill(Endpoint(host: "10.9.9.9", port: place.port))
        world.names["redis-5"] = ["10.9.9.9"]
        world.take(.resolved("redis-5", ["10.9.9.9"]))
        world.run(for: .seconds(5))
        #expect(world.following[place] == nil)
    }

    @Test func `about a replica does not have another promoted under its name`() {
        var world = doubles(named: nil)
        world.run(for: .seconds(1))
        world.kill(World.master)
        world.run(for: .seconds(5))
        #expect(world.steps.contains(.promoted))
        #expect(world.sentinel.remembered.masters[0].address == World.replicas[0])
    }
}
