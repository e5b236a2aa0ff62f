// SPDX-License-Identifier: Apache-2.0

import SentinelCore
import Testing

@testable import SentinelServer

@Suite struct `Held replies` {
    /// A client that always has one request more under way than was answered.
    @Test func `leave in the order of the requests, and nothing stays of those that have left`() {
        var held = HeldReplies()
        var sent: [UInt8] = []
        held.await(RequestID(0))
        for number in 1...5_000 {
            held.await(RequestID(UInt64(number)))
            held.append([2])
            sent += held.answer(RequestID(UInt64(number - 1)), [1])
            #expect(held.count == 1 && held.bytes == 1)
            #expect(held.capacity < 4_096)
        }
        sent += held.answer(RequestID(5_000), [1])
        #expect(held.isEmpty && held.bytes == 0)
        #expect(sent == [1] + (0..<5_000).flatMap { _ in [1, 2] as [UInt8] })
    }
}
