// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import EventLoop

extension `Event loop` {
    @Suite struct `A deadline timer` {
        @Test func `fires in the order of the deadlines`() async throws {
            var order: [Int] = []
            let now = MonotonicClock.now
            let timers = (0..<5).map { index in DeadlineTimer { order.append(index) } }
            for (index, timer) in timers.enumerated() {
                timer.schedule(at: now + UInt64(10 - 2 * index) * 1_000_000)
            }
            try await eventually { order.count == 5 }
            #expect(order == [4, 3, 2, 1, 0])
            for timer in timers { timer.cancel() }
        }

        @Test func `is never early, and in time where nothing keeps it`() async throws {
            var latencies: [UInt64] = []
            var due: UInt64 = 0
            var early = 0
            var timer: DeadlineTimer?
            func next() {
                due = MonotonicClock.now + 2_000_000
                timer?.schedule(at: due)
            }
            timer = DeadlineTimer {
                let now = MonotonicClock.now
                if now < due { early += 1 }
                latencies.append(now &- due)
                if latencies.count < 100 { next() }
            }
            next()
            try await eventually { latencies.count == 100 }
            timer?.cancel()
            #expect(early == 0)
            // A machine that has other things to do may be late more often than not.
            #expect(latencies.contains { $0 < 5_000_000 })
        }

        @Test func `moves both ways, and off`() async throws {
            var fired: [UInt64] = []
            let timer = DeadlineTimer { fired.append(MonotonicClock.now) }
            let start = MonotonicClock.now
            timer.schedule(at: start + 3_000_000)
            timer.schedule(at: start + 20_000_000)  // later
            try await eventually { fired.count == 1 }
            #expect(fired[0] >= start + 20_000_000)
            timer.schedule(at: start + 3_600_000_000_000)
            timer.schedule(at: start)  // sooner, in the past
            #expect(fired.count == 1)
            try await eventually { fired.count == 2 }
            timer.schedule(at: MonotonicClock.now + 1_000_000)
            timer.schedule(at: nil)
            await turns(8)
            #expect(fired.count == 2)
            timer.schedule(at: MonotonicClock.now + 1_000_000)
            timer.cancel()
            await turns(8)
            #expect(fired.count == 2)
        }
    }

    @Suite struct `A signal source` {
        @Test func `turns a signal into a call`() async throws {
            var count = 0
            let source = SignalSource(SIGWINCH) { count += 1 }
            // Until the source is registered the signal does what it does by default: nothing, for this one.
            try await eventually {
                kill(getpid(), SIGWINCH)
                return count > 0
            }
            source.cancel()
        }
    }
}
