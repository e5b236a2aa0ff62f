// SPDX-License-Identifier: Apache-2.0

import SentinelCore

/// Counts wake-ups, so that a deadline which is always in the past, or always a moment away, is noticed.
struct Pace {
    private var lastAt = Instant.start
    private var countAtOnce = 0
    private var secondBegan = Instant.start
    private var countInSecond = 0

    static let limitAtOnce = 1000
    static let limitPerSecond = 5000

    mutating func woken(_ name: String, at now: Instant) throws(Violation) {
        countAtOnce = now == lastAt ? countAtOnce + 1 : 0
        lastAt = now
        if now - secondBegan > .seconds(1) {
            secondBegan = now
            countInSecond = 0
        }
        countInSecond += 1
        guard countAtOnce > Self.limitAtOnce || countInSecond > Self.limitPerSecond else { return }
        throw Violation(rule: .noBusyLoop, text: "\(name) was woken \(max(countAtOnce, countInSecond)) times at \(now)")
    }
}
