// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import EventLoop

/// Counts what it is told, and does what the test wants done.
private final class Watcher: PollerClient {
    var events = 0
    var onReady: (Watcher) -> Void = { _ in }

    func descriptorIsReady(_ readiness: Readiness) {
        events += 1
        onReady(self)
    }
}

extension `Event loop` {
    @Suite struct `The poller` {
        @Test func `drops an event of a descriptor whose number is in use again`() async throws {
            let poller = Poller.main
            let pairs = (0..<2).map { _ in socketPair() }
            let late = socketPair()
            let watchers = [Watcher(), Watcher()]
            let heir = Watcher()
            var heirNumber: Int32?
            var closed: Int32?
            for index in 0..<2 {
                watchers[index].onReady = { _ in
                    // The first of the two closes the other, whose event has been fetched, and its number goes to
                    // a new owner that has nothing to read.
                    let other = pairs[1 - index].0
                    closed = other.number
                    poller.close(other)
                    let copy = Descriptor(dup(late.0.number))
                    heirNumber = copy.number
                    #expect(throws: Never.self) { try poller.add(copy, interest: .readable, client: heir) }
                    poller.close(pairs[index].0)
                }
                try poller.add(pairs[index].0, interest: .readable, client: watchers[index])
            }
            for pair in pairs { write(pair.1.number, "x", 1) }
            try await eventually { heirNumber != nil }
            #expect(heirNumber == closed)
            await turns(5)
            #expect(watchers[0].events + watchers[1].events == 1)
            #expect(heir.events == 0)
            write(late.1.number, "x", 1)
            heir.onReady = { _ in
                if let number = heirNumber { poller.close(Descriptor(number)) }
            }
            try await eventually { heir.events == 1 }
            for descriptor in [pairs[0].1, pairs[1].1, late.0, late.1] { System.close(descriptor) }
        }

        /// Two hundred that take five milliseconds each, and are ready again at once.
        @Test func `lets those who have waited and what is due have their turn among many that are always ready`()
            async throws
        {
            let pairs = (0..<200).map { _ in socketPair() }
            let patient = socketPair()
            var (delivered, deliveredAtDeadline, deliveredToPatient) = (0, 0, 0)
            let watchers = pairs.map { _ in Watcher() }
            for (pair, watcher) in zip(pairs, watchers) {
                watcher.onReady = { _ in
                    delivered += 1
                    let end = MonotonicClock.now + 5_000_000
                    while MonotonicClock.now < end {}
                }
                try Poller.main.add(pair.0, interest: .readable, client: watcher)
                write(pair.1.number, "x", 1)
            }
            let other = Watcher()
            other.onReady = { _ in if deliveredToPatient == 0 { deliveredToPatient = delivered } }
            try Poller.main.add(patient.0, interest: .readable, isPatient: true, client: other)
            write(patient.1.number, "x", 1)
            let timer = DeadlineTimer { deliveredAtDeadline = delivered }
            timer.schedule(at: MonotonicClock.now + 1_000_000)
            try await eventually { watchers.allSatisfy { $0.events > 0 } && deliveredAtDeadline > 0 }
            #expect((1..<100).contains(deliveredToPatient), "\(deliveredToPatient)")
            #expect((1..<200).contains(deliveredAtDeadline), "\(deliveredAtDeadline)")
            // Nobody is served twice while somebody else was not at all.
            #expect(watchers.map(\.events).max() ?? 0 <= 2, "\(watchers.map(\.events))")
            for pair in pairs + [patient] {
                Poller.main.close(pair.0)
                System.close(pair.1)
            }
        }

        @Test func `does not report a hang-up nobody is interested in`() async throws {
            let pair = socketPair()
            let watcher = Watcher()
            try Poller.main.add(pair.0, interest: .readable, client: watcher)
            try Poller.main.setInterest([], for: pair.0)
            System.close(pair.1)
            await turns(5)
            #expect(watcher.events == 0)
            watcher.onReady = { _ in Poller.main.close(pair.0) }
            try Poller.main.setInterest(.readable, for: pair.0)
            try await eventually { watcher.events == 1 }
        }

        @Test func `lets the main queue go on while a descriptor stays ready`() async throws {
            let pair = socketPair()
            let watcher = Watcher()
            try Poller.main.add(pair.0, interest: .readable, client: watcher)
            write(pair.1.number, "x", 1)
            // Nobody reads the byte: the descriptor is ready for ever.
            try await eventually { watcher.events > 100 }
            await turns(5)
            Poller.main.close(pair.0)
            System.close(pair.1)
        }

        private func socketPair() -> (Descriptor, Descriptor) {
            var numbers: [Int32] = [0, 0]
            let result = socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &numbers)
            precondition(result == 0)
            return (Descriptor(numbers[0]), Descriptor(numbers[1]))
        }
    }
}
