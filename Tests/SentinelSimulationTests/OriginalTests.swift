// SPDX-License-Identifier: Apache-2.0

import SentinelCore
import Testing

@testable import SentinelSimulation

@Suite struct `A simulated sentinel of the original's kind` {
    /// A PONG came while a hundred answers were missing, so it asks nothing more and waits for nothing (6500667449).
    @Test func `gives up a link on which nothing comes any more`() {
        let address = Endpoint(host: "10.1.0.1", port: 6379)
        var group = OriginalGroup(MasterSettings(name: MasterName("g0"), address: address, quorum: 1), at: .start)
        let link = ConnectionID(1)
        group.master.command = link
        group.master.pending = 100
        group.master.ponged(.pong, at: .start + .seconds(1))
        #expect(group.master.silence(at: .start + .seconds(1000)) == .zero)
        var effects: [Effect] = []
        group.recycleLinks(at: .start + .seconds(16), &effects)
        #expect(effects.isEmpty)
        group.recycleLinks(at: .start + .seconds(17), &effects)
        #expect(effects == [.disconnect(link)])
        #expect(group.master.silence(at: .start + .seconds(17)) == .seconds(16))
    }
}
