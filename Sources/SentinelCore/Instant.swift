// SPDX-License-Identifier: Apache-2.0

/// A point of the monotonic clock, counted from the start of the process; never the time of day.
package struct Instant: Hashable, Sendable, Comparable {
    package let sinceStart: Duration

    package init(sinceStart: Duration) { self.sinceStart = sinceStart }

    package static let start = Instant(sinceStart: .zero)

    package static func < (left: Instant, right: Instant) -> Bool { left.sinceStart < right.sinceStart }
    package static func + (instant: Instant, duration: Duration) -> Instant {
        Instant(sinceStart: instant.sinceStart + duration)
    }
    package static func - (instant: Instant, duration: Duration) -> Instant {
        Instant(sinceStart: instant.sinceStart - duration)
    }
    package static func - (later: Instant, earlier: Instant) -> Duration { later.sinceStart - earlier.sinceStart }

    /// The instant at or just before this one at which what recurs every `period` is done for everybody at once.
    ///
    /// A thousand groups that are each looked at when their own second is over wake the process thousands of times a
    /// second. On a grid they share wake-ups, and messages to one process share a packet. The grid is fine, at most
    /// 50 ms and a sixteenth of the period, and an instant only ever moves ahead.
    func onGrid(of period: Duration) -> Instant {
        let grain = min(Self.coarsestGrain, period.wholeMicroseconds / 16)
        guard grain > 0 else { return self }
        return Instant(sinceStart: .microseconds(sinceStart.wholeMicroseconds / grain * grain))
    }

    /// In microseconds.
    private static let coarsestGrain: Int64 = 50_000
}

extension Duration {
    /// Rounded down; the greatest number for what is longer.
    fileprivate var wholeMicroseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflows) = seconds.multipliedReportingOverflow(by: 1_000_000)
        guard !overflows else { return .max }
        let (sum, overflowsToo) = product.addingReportingOverflow(attoseconds / 1_000_000_000_000)
        return overflowsToo ? .max : sum
    }
}

// The standard library's ask at run time what kind of number they are given; limits are computed all the time.
extension Duration {
    static func * (duration: Duration, factor: Int) -> Duration {
        Duration(attoseconds: duration.attoseconds * Int128(factor))
    }

    static func / (duration: Duration, divisor: Int) -> Duration {
        Duration(attoseconds: duration.attoseconds / Int128(divisor))
    }
}

extension Optional where Wrapped == Instant {
    /// The earlier of two deadlines, where `nil` is "never".
    static func earlier(_ left: Instant?, _ right: Instant?) -> Instant? {
        switch (left, right) {
        case (let left?, let right?): min(left, right)
        case (let one?, nil), (nil, let one?): one
        case (nil, nil): nil
        }
    }
}
