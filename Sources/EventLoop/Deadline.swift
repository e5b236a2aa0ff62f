// SPDX-License-Identifier: Apache-2.0

/// The time that only goes forward.
package nonisolated enum MonotonicClock {
    /// Nanoseconds since some fixed point; meaningful only against another reading in the same boot of the machine.
    package static var now: UInt64 { System.monotonicNanoseconds }
}

/// One wake-up on the main queue, moved about freely; letting go of it ends it.
package final class DeadlineTimer {
    private let deadlines = Poller.main.deadlines
    private var entry: Deadlines.Entry?

    package init(_ fired: @escaping () -> Void) {
        // The entry may outlive the timer, but calls nothing then.
        entry = Deadlines.Entry { [weak self] in
            guard self?.entry != nil else { return }
            fired()
        }
    }

    /// Asks for one call of the callback at `nanoseconds` of the monotonic clock, in place of what was asked before.
    ///
    /// An instant that has passed fires as soon as the main queue is free, never from within this call; `nil` switches
    /// the timer off.
    package func schedule(at nanoseconds: UInt64?) {
        guard let entry else { return }
        deadlines.set(entry, at: nanoseconds)
    }

    /// Ends the timer's life: nothing fires any more.
    package func cancel() {
        schedule(at: nil)
        entry = nil
    }
}
