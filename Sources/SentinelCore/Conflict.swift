// SPDX-License-Identifier: Apache-2.0

/// How two addresses in one config epoch are settled: at once, and again after pauses that double while it does not help.
///
/// - Source: `two addresses in one config epoch go on being settled, ever more rarely`.
struct Conflict: Sendable {
    /// How often it was settled without effect, and when last.
    private var settled: (count: Int, at: Instant)?

    /// Pauses don't grow beyond a thousand times the first.
    private static let mostDoublings = 10

    func maySettle(firstPause: Duration, at now: Instant) -> Bool {
        settled.map { now - $0.at >= pause(firstPause) } ?? true
    }

    mutating func noteSettled(firstPause: Duration, at now: Instant) {
        // One that comes long after the last is a new one.
        let isNew = settled.map { now - $0.at >= pause(firstPause) * 4 } ?? true
        settled = (isNew ? 1 : min((settled?.count ?? 0) + 1, Self.mostDoublings + 1), now)
    }

    private func pause(_ first: Duration) -> Duration { first * (1 << max((settled?.count ?? 1) - 1, 0)) }
}
