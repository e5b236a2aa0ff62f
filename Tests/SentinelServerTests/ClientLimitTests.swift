// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SentinelServer

@Suite struct `The limit of clients` {
    @Test func `is what was asked for where there is room`() {
        #expect(ClientLimit.fitting(10_000, limit: 10_084, spare: 52) == 10_000)
        #expect(ClientLimit.fitting(10_000, limit: .max, spare: 52) == 10_000)
    }

    @Test func `leaves links, scripts and files what they need`() {
        #expect(ClientLimit.fitting(10_000, limit: 10_083, spare: 52) == 9_999)
        #expect(ClientLimit.fitting(500, limit: 308, spare: 52) == 224)
    }

    @Test(arguments: [0, 33, 84, 85])
    func `is one however little room there is`(limit: Int) {
        #expect(ClientLimit.fitting(10_000, limit: limit, spare: 52) == 1)
    }
}
