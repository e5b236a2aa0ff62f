// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SentinelCore

/// Carries out what the core wants.
protocol EffectPerformer: AnyObject {
    func perform(_ effect: Effect)
}

/// Feeds the core and hands on what it asks for, in order; wakes it when it wants to be woken.
final class Driver {
    private(set) var core: Sentinel
    weak var performer: (any EffectPerformer)?

    private let epoch = MonotonicClock.now
    private var inbox: [Input] = []
    private var effects: [Effect] = []
    private var isDraining = false
    private var timer: DeadlineTimer?

    init(core: Sentinel) {
        self.core = core
        timer = DeadlineTimer { [unowned self] in
            // What has arrived by now is heard before silence is judged.
            Poller.main.pollNow()
            self.receive(.woken)
        }
    }

    var now: Instant { Instant(sinceStart: .nanoseconds(Int64(clamping: MonotonicClock.now - epoch))) }

    /// Takes in `input` and performs what follows; an input raised meanwhile waits its turn.
    func receive(_ input: Input) {
        inbox.append(input)
        guard !isDraining else { return }  // the core is never re-entered
        isDraining = true
        var next = 0
        while next < inbox.count {
            let input = inbox[next]
            next += 1
            core.handle(input, at: now, into: &effects)
            var performed = 0
            while performed < effects.count {
                performer?.perform(effects[performed])
                performed += 1
            }
            effects.removeAll(keepingCapacity: true)
        }
        inbox.removeAll(keepingCapacity: true)
        isDraining = false
        schedule()
    }

    /// The answer to a command that only looks, without the way through effects; `nil` if it has to go that way.
    ///
    /// That is so as well while inputs wait, one of which may be what the asker has just changed, and when something is
    /// due, for then the sentinel may have been held up and has to notice.
    func answer(to command: Command) -> Response? {
        let now = now
        guard !isDraining else { return nil }
        if let due = core.nextDeadline, due <= now { return nil }
        return core.answer(to: command, at: now)
    }

    private func schedule() {
        // No closure here, nor elsewhere on the way of each input: it would be checked for its actor when called.
        if let due = core.nextDeadline {
            timer?.schedule(at: epoch + UInt64(clamping: due.sinceStart.wholeNanoseconds))
        } else {
            timer?.schedule(at: nil)
        }
    }
}

extension Duration {
    /// Whole nanoseconds, rounded up, so that a timer never goes off before its time.
    fileprivate var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflows) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflows else { return .max }
        let (sum, overflowsToo) = product.addingReportingOverflow((attoseconds + 999_999_999) / 1_000_000_000)
        return overflowsToo ? .max : sum
    }
}
