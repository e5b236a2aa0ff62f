// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Testing

@testable import SentinelServer

@Suite struct `Slots for connections` {
    @Test func `are as many as maxclients for clients from elsewhere`() {
        var slots = ConnectionSlots(maxClients: 2)
        #expect(slots.take(isLocal: false, isFromPeer: false) == .ordinary)
        #expect(slots.take(isLocal: false, isFromPeer: false) == .ordinary)
        #expect(slots.take(isLocal: false, isFromPeer: false) == nil)
        slots.free(.ordinary)
        #expect(slots.take(isLocal: false, isFromPeer: false) == .ordinary)
        #expect(slots.take(isLocal: false, isFromPeer: false) == nil)
    }

    @Test func `are kept for this host and for peers, each its own`() {
        var slots = ConnectionSlots(maxClients: 1)
        _ = slots.take(isLocal: false, isFromPeer: false)
        for _ in 0..<ConnectionSlots.administratorSlots {
            #expect(slots.take(isLocal: true, isFromPeer: false) == .administrator)
        }
        #expect(slots.take(isLocal: true, isFromPeer: false) == nil)
        for _ in 0..<ConnectionSlots.peerSlots {
            #expect(slots.take(isLocal: true, isFromPeer: true) == .peer)
        }
        #expect(slots.take(isLocal: true, isFromPeer: true) == nil)
        slots.free(.administrator)
        #expect(slots.take(isLocal: false, isFromPeer: true) == nil)
        #expect(slots.take(isLocal: true, isFromPeer: false) == .administrator)
    }

    @Test func `that are reserved are taken last, and nobody is asked about peers before`() {
        var slots = ConnectionSlots(maxClients: 2)
        for _ in 0..<2 {
            let slot = slots.take(
                isLocal: true,
                isFromPeer: {
                    Issue.record("asked")
                    return true
                }())
            #expect(slot == .ordinary)
        }
    }
}

@Suite struct `A local address` {
    @Test(arguments: ["127.0.0.1", "127.255.0.9", "::1"])
    func `is loopback`(host: String) throws {
        #expect(try #require(SocketAddress(numericHost: host, port: 1)).isLocal)
    }

    @Test(arguments: ["10.0.0.1", "128.0.0.1", "1.127.0.0", "::", "::ffff:127.0.0.1", "fe80::1"])
    func `is nothing else`(host: String) throws {
        #expect(try !#require(SocketAddress(numericHost: host, port: 1)).isLocal)
    }

    @Test func `may be a path`() throws {
        #expect(try #require(SocketAddress(unixPath: "/tmp/127")).isLocal)
    }
}
