// SPDX-License-Identifier: Apache-2.0

import SentinelConfiguration

/// Whether a client leaves too much unread: more than the hard limit at once, or more than the soft one for too long.
///
/// The backlog only grows when something is written, so looking at each write, before and after, misses no moment at
/// which it was within the soft limit.
///
/// - Source: spec/commands.md 8.
struct BacklogWatch {
    enum Verdict: Equatable {
        case fine, tooMuch
        /// Too much if it still is by then; nanoseconds of the monotonic clock.
        case tooMuchSoon(at: UInt64)
    }

    /// Since when the backlog has been over the soft limit.
    private var overSince: UInt64?

    /// Judges a write.
    ///
    /// - Parameters:
    ///   - before: Bytes that waited before it; the same as `after` when nothing was written.
    ///   - after: Bytes that wait now.
    ///   - now: Nanoseconds of the monotonic clock.
    mutating func judge(before: Int, after: Int, _ limit: OutputBufferLimit, at now: UInt64) -> Verdict {
        if limit.hardBytes > 0, after > limit.hardBytes { return .tooMuch }
        guard limit.softBytes > 0, after > limit.softBytes else {
            overSince = nil
            return .fine
        }
        if before <= limit.softBytes { overSince = nil }
        let since = overSince ?? now
        overSince = since
        let end = since.saturatingAdding(seconds: UInt64(clamping: limit.softSeconds))
        return now >= end && now > since ? .tooMuch : .tooMuchSoon(at: end)
    }
}
