// SPDX-License-Identifier: Apache-2.0

import Dispatch

/// Everything on the main queue that waits for an instant: a heap with the earliest deadline at the front.
///
/// `MainLoop` waits no longer than until then. Where Dispatch serves the main queue, one timer of its own does for all.
final class Deadlines {
    /// Something to be called at an instant, and again when it is set again.
    final class Entry {
        fileprivate let fired: () -> Void
        /// The instant it is to be called at.
        fileprivate var wanted: UInt64?
        /// Where it stands in the heap, so that moving it leaves nothing stale behind.
        fileprivate var position: Int?

        init(_ fired: @escaping () -> Void) { self.fired = fired }
    }

    private struct Place {
        let due: UInt64
        let entry: Entry
    }

    private var heap: [Place] = []
    /// Those that came due together, while they are being called.
    private var batch: [Entry] = []
    private var alarm: DispatchAlarm?

    /// The earliest deadline, in nanoseconds of the monotonic clock.
    var earliest: UInt64? { heap.first?.due }

    /// Sets when `entry` is to be called, in place of what it was set to; `nil` for never.
    func set(_ entry: Entry, at nanoseconds: UInt64?) {
        entry.wanted = nanoseconds
        guard let nanoseconds else { return takeOut(entry) }
        let place = Place(due: nanoseconds, entry: entry)
        let position = entry.position ?? heap.count
        if position == heap.count { heap.append(place) }
        put(place, near: position)
        if let alarm, let earliest { alarm.ring(at: earliest) }
    }

    /// Calls `body` once, so many nanoseconds from now.
    func after(_ nanoseconds: UInt64, _ body: @escaping () -> Void) {
        let (instant, overflows) = MonotonicClock.now.addingReportingOverflow(nanoseconds)
        set(Entry(body), at: overflows ? .max : instant)
    }

    /// Calls what is due at `now`, the earliest first; returns whether anything was.
    ///
    /// What becomes due by these calls waits for the next time, so that nothing else starves.
    @discardableResult
    func fire(dueAt now: UInt64) -> Bool {
        guard let earliest, earliest <= now else { return false }
        while let first = heap.first, first.due <= now {
            takeOut(first.entry)
            batch.append(first.entry)
        }
        for entry in batch {
            // One before it may have had it wait for longer, or for nothing at all.
            guard let wanted = entry.wanted, wanted <= now else { continue }
            set(entry, at: nil)
            entry.fired()
        }
        batch.removeAll(keepingCapacity: true)
        return true
    }

    /// Has Dispatch tell when something is due, for it serves the main queue.
    func beginByDispatch() {
        let alarm = DispatchAlarm { [unowned self] in
            self.fire(dueAt: MonotonicClock.now)
            if let earliest = self.earliest { self.alarm?.ring(at: earliest) }
        }
        self.alarm = alarm
        if let earliest { alarm.ring(at: earliest) }
    }

    // MARK: The heap

    private func takeOut(_ entry: Entry) {
        guard let position = entry.position else { return }
        entry.position = nil
        let last = heap.removeLast()
        if last.entry !== entry { put(last, near: position) }
    }

    /// Puts `place` where it belongs, starting from a position that is free for it.
    private func put(_ place: Place, near start: Int) {
        var position = start
        while position > 0 {
            let parent = (position - 1) / 2
            guard place.due < heap[parent].due else { break }
            move(heap[parent], to: position)
            position = parent
        }
        while true {
            var child = 2 * position + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, heap[child + 1].due < heap[child].due { child += 1 }
            guard heap[child].due < place.due else { break }
            move(heap[child], to: position)
            position = child
        }
        move(place, to: position)
    }

    private func move(_ place: Place, to position: Int) {
        heap[position] = place
        place.entry.position = position
    }
}

/// A timer of Dispatch's that is set to the earliest of many deadlines.
///
/// Moving it later costs nothing: it is left alone, and set again should it go off too soon.
private final class DispatchAlarm {
    private let source: any DispatchSourceTimer
    /// What it is set to; never later than what was asked for last.
    private var armed: UInt64?

    init(_ rang: @escaping () -> Void) {
        source = DispatchSource.makeTimerSource(flags: .strict, queue: .main)
        source.schedule(deadline: .distantFuture)
        source.setEventHandler { [weak self] in
            self?.armed = nil
            rang()
        }
        source.activate()
    }

    func ring(at nanoseconds: UInt64) {
        guard armed.map({ nanoseconds < $0 }) ?? true else { return }
        armed = nanoseconds
        source.schedule(deadline: DispatchTime(uptimeNanoseconds: nanoseconds), leeway: .nanoseconds(0))
    }
}
