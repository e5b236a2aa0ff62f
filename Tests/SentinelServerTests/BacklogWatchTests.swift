// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SentinelConfiguration
@testable import SentinelServer

/// - Source: spec/commands.md 8.
@Suite struct `Unread replies` {
    static let second: UInt64 = 1_000_000_000
    let limit = OutputBufferLimit(hardBytes: 100, softBytes: 10, softSeconds: 5)

    @Test func `beyond the hard limit are too many at once`() {
        var watch = BacklogWatch()
        #expect(watch.judge(before: 0, after: 100, limit, at: 0) == .tooMuchSoon(at: 5 * Self.second))
        #expect(watch.judge(before: 100, after: 101, limit, at: 0) == .tooMuch)
    }

    @Test func `within the soft limit are fine`() {
        var watch = BacklogWatch()
        #expect(watch.judge(before: 0, after: 10, limit, at: 0) == .fine)
    }

    @Test func `beyond the soft limit are too many after its seconds`() {
        var watch = BacklogWatch()
        #expect(watch.judge(before: 0, after: 11, limit, at: 7) == .tooMuchSoon(at: 5 * Self.second + 7))
        #expect(watch.judge(before: 11, after: 60, limit, at: 9) == .tooMuchSoon(at: 5 * Self.second + 7))
        #expect(
            watch.judge(before: 60, after: 60, limit, at: 5 * Self.second + 6) == .tooMuchSoon(at: 5 * Self.second + 7))
        #expect(watch.judge(before: 60, after: 60, limit, at: 5 * Self.second + 7) == .tooMuch)
    }

    @Test func `that were within it for a moment are counted anew`() {
        var watch = BacklogWatch()
        _ = watch.judge(before: 0, after: 11, limit, at: 0)
        // Read down to ten before the next write.
        #expect(
            watch.judge(before: 10, after: 20, limit, at: 4 * Self.second) == .tooMuchSoon(at: 9 * Self.second))
        #expect(watch.judge(before: 3, after: 4, limit, at: 5 * Self.second) == .fine)
        #expect(
            watch.judge(before: 4, after: 20, limit, at: 6 * Self.second) == .tooMuchSoon(at: 11 * Self.second))
    }

    @Test func `have no limit where it is 0`() {
        var watch = BacklogWatch()
        let none = OutputBufferLimit(hardBytes: 0, softBytes: 0, softSeconds: 0)
        #expect(watch.judge(before: 0, after: .max, none, at: 0) == .fine)
        #expect(watch.judge(before: .max, after: .max, none, at: .max) == .fine)
    }

    @Test func `with a limit of no seconds are too many as soon as they are looked at again`() {
        var watch = BacklogWatch()
        let short = OutputBufferLimit(hardBytes: 0, softBytes: 10, softSeconds: 0)
        #expect(watch.judge(before: 0, after: 11, short, at: 5) == .tooMuchSoon(at: 5))
        #expect(watch.judge(before: 11, after: 11, short, at: 6) == .tooMuch)
    }

    @Test func `with a limit beyond the end of time never are`() {
        var watch = BacklogWatch()
        let long = OutputBufferLimit(hardBytes: 0, softBytes: 10, softSeconds: .max)
        #expect(watch.judge(before: 0, after: 11, long, at: 5) == .tooMuchSoon(at: .max))
    }
}
