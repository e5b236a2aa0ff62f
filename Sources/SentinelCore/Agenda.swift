// SPDX-License-Identifier: Apache-2.0

/// What is to be looked at, and when: a heap of deadlines.
///
/// A subject keeps the earliest instant it is entered for (`wakeAt`); an entry that no longer equals it is stale and is
/// skipped when it comes up. So moving a deadline costs one push, and moving it later costs nothing. Stale ones that are
/// far off are dropped when they are more than the others, so that there are never many more than subjects.
/// - Source: design.md 3; `holds no more than is waited for, however far off`.
struct Agenda: Sendable {
    /// Who wants to be looked at.
    enum Subject: Hashable, Sendable {
        case link(Slab<Link>.ID)
        case master(Slab<Master>.ID)
        case tilt
        case persistence
        case scripts
    }

    private struct Entry: Sendable {
        let at: Instant
        /// Order of entry, so that equal deadlines come up first in, first out.
        let order: UInt64
        let subject: Subject

        static func isBefore(_ left: Entry, _ right: Entry) -> Bool {
            left.at != right.at ? left.at < right.at : left.order < right.order
        }
    }

    private var heap: [Entry] = []
    private var entered: UInt64 = 0
    /// How many entries are so many that stale ones are looked for.
    private var crowd = Agenda.leastCrowd
    static let leastCrowd = 256

    var count: Int { heap.count }
    var isCrowded: Bool { heap.count >= crowd }

    /// The earliest entry, stale or not; waking for a stale one is harmless.
    var earliest: Instant? { heap.first?.at }

    mutating func enter(_ subject: Subject, at instant: Instant) {
        entered += 1
        let entry = Entry(at: instant, order: entered, subject: subject)
        heap.append(entry)
        var place = heap.count - 1
        while place > 0 {
            let parent = (place - 1) / 2
            guard Entry.isBefore(entry, heap[parent]) else { break }
            heap[place] = heap[parent]
            place = parent
        }
        heap[place] = entry
    }

    /// Takes the first entry that is due at `now`, or `nil`.
    mutating func next(dueAt now: Instant) -> (subject: Subject, at: Instant)? {
        guard let first = heap.first, first.at <= now else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty { siftDown(last) }
        return (first.subject, first.at)
    }

    /// Drops all entries but one for each subject and instant that `isAwaited`.
    mutating func keep(where isAwaited: (Subject, Instant) -> Bool) {
        var kept: Set<Deadline> = []
        heap.removeAll { entry in
            !isAwaited(entry.subject, entry.at)
                || !kept.insert(Deadline(subject: entry.subject, at: entry.at)).inserted
        }
        for place in stride(from: heap.count / 2 - 1, through: 0, by: -1) { siftDown(heap[place], from: place) }
        crowd = max(Self.leastCrowd, heap.count * 2)
    }

    private struct Deadline: Hashable {
        let subject: Subject
        let at: Instant
    }

    /// Puts an entry in a place, the first if not said otherwise, and what is before it ahead of it.
    private mutating func siftDown(_ entry: Entry, from start: Int = 0) {
        var place = start
        while true {
            var child = 2 * place + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, Entry.isBefore(heap[child + 1], heap[child]) { child += 1 }
            guard Entry.isBefore(heap[child], entry) else { break }
            heap[place] = heap[child]
            place = child
        }
        heap[place] = entry
    }
}
