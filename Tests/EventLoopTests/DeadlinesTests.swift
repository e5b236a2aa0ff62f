// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import EventLoop

extension `Event loop` {
    /// A heap of its own, which no clock drives.
    @Suite struct `The deadlines` {
        @Test func `fire in order, however they were moved`() {
            let deadlines = Deadlines()
            var generator = SystemRandomNumberGenerator()
            var fired: [Int] = []
            let entries = (0..<200).map { index in Deadlines.Entry { fired.append(index) } }
            // What the heap is compared with.
            var wanted = [UInt64?](repeating: nil, count: entries.count)
            var now: UInt64 = 0
            for _ in 0..<5000 {
                let index = Int.random(in: 0..<entries.count, using: &generator)
                wanted[index] =
                    Int.random(in: 0..<5, using: &generator) == 0
                    ? nil : now + UInt64.random(in: 0..<1000, using: &generator)
                deadlines.set(entries[index], at: wanted[index])
                #expect(deadlines.earliest == wanted.compactMap(\.self).min())
                guard Int.random(in: 0..<10, using: &generator) == 0 else { continue }
                now += UInt64.random(in: 0..<100, using: &generator)
                let due = wanted.indices.filter { wanted[$0].map { $0 <= now } ?? false }
                #expect(deadlines.fire(dueAt: now) == !due.isEmpty)
                #expect(fired.sorted() == due)
                #expect(fired.map { wanted[$0] ?? 0 } == due.map { wanted[$0] ?? 0 }.sorted())
                for index in due { wanted[index] = nil }
                fired = []
            }
        }

        @Test func `let one that was due with others be moved or switched off by them`() {
            let deadlines = Deadlines()
            var fired: [String] = []
            let later = Deadlines.Entry { fired.append("later") }
            let off = Deadlines.Entry { fired.append("off") }
            let first = Deadlines.Entry {
                fired.append("first")
                deadlines.set(later, at: 30)
                deadlines.set(off, at: nil)
            }
            deadlines.set(later, at: 12)
            deadlines.set(first, at: 10)
            deadlines.set(off, at: 11)
            deadlines.fire(dueAt: 20)
            #expect(fired == ["first"])
            #expect(deadlines.earliest == 30)
            deadlines.fire(dueAt: 30)
            #expect(fired == ["first", "later"])
            #expect(deadlines.earliest == nil)
        }

        @Test func `do not fire again at once what is always due`() {
            let deadlines = Deadlines()
            var count = 0
            var entry: Deadlines.Entry?
            entry = Deadlines.Entry {
                count += 1
                entry.map { deadlines.set($0, at: 5) }
            }
            entry.map { deadlines.set($0, at: 5) }
            for round in 1...3 {
                deadlines.fire(dueAt: 10)
                #expect(count == round)
            }
            entry = nil
        }
    }
}
