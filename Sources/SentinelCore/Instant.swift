// SPDX-License-Identifier: Apache-2.0

/// A point of the monotonic clock, counted from the start of the process; never the time of day.
package struct Instant: Hashable, Sendable, Comparable {
    package let sinceStart: Duration

    package init(sinceStart: Duration) { self.sinceStart = sinceStart }

    package static let start = Instant(sinceStart: .zero)

    package static func == (left: Instant, right: Instant) -> Bool { left.attoseconds == right.attoseconds }
    package static func < (left: Instant, right: Instant) -> Bool { left.attoseconds < right.attoseconds }
    package static func + (instant: Instant, duration: Duration) -> Instant {
        Instant(attoseconds: instant.attoseconds + duration.attoseconds)
    }
    package static func - (instant: Instant, duration: Duration) -> Instant {
        Instant(attoseconds: instant.attoseconds - duration.attoseconds)
    }
    package static func - (later: Instant, earlier: Instant) -> Duration {
        Duration(attoseconds: later.attoseconds - earlier.attoseconds)
    }

    // What follows from instants is computed millions of times a second; a duration's own operators are calls.
    private var attoseconds: Int128 { sinceStart.attoseconds }
    private init(attoseconds: Int128) { sinceStart = Duration(attoseconds: attoseconds) }

    /// The instant at or just before this one at which what recurs every `period` is done for everybody at once.
    ///
    /// A thousand groups that are each looked at when their own second is over wake the process thousands of times a
    /// second. On a grid they share wake-ups, and messages to one process share a packet. The grid is fine, at most
    /// 50 ms and a sixteenth of the period, and an instant only ever moves ahead.
    func onGrid(of period: Duration) -> Instant {
        let grain = min(Self.coarsestGrain, period.attoseconds / (16 * Self.microsecond)) * Self.microsecond
        guard grain > 0 else { return self }
        return Instant(attoseconds: attoseconds / grain * grain)
    }

    /// In microseconds.
    private static let coarsestGrain: Int128 = 50_000
    /// In attoseconds.
    private static let microsecond: Int128 = 1_000_000_000_000
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
