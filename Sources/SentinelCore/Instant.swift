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
