// SPDX-License-Identifier: Apache-2.0

/// How two addresses in one config epoch are settled: at once, and again after pauses that double while it does not
/// help.
///
/// - Source: `two addresses in one config epoch go on being settled, ever more rarely`.
struct Conflict: Sendable {
    /// When it was settled last, and how long that is given to help.
    private var settled: (at: Instant, pause: Duration)?

    /// How many times the first pause is the longest.
    private static let mostPatience = 1024

    func maySettle(at now: Instant) -> Bool { settled.map { now - $0.at >= $0.pause } ?? true }

    mutating func noteSettled(firstPause: Duration, at now: Instant) {
        // One that comes long after the last is a new one.
        let last = settled.flatMap { now - $0.at < $0.pause * 4 ? $0.pause : nil }
        settled = (now, last.map { min($0 * 2, firstPause * Self.mostPatience) } ?? firstPause)
    }
}
