// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SentinelConfiguration
import Testing

@testable import SentinelServer

@Suite struct `The source of links` {
    private let ipv4 = SocketAddress(numericHost: "10.0.0.1", port: 6379)
    private let ipv6 = SocketAddress(numericHost: "fd00::1", port: 6379)

    private func source(_ host: String) -> LinkSource {
        var settings = ServerSettings()
        settings.bindSourceAddress = host
        return LinkSource(settings)
    }

    @Test func `is the route's where none is configured, or it has no address`() throws {
        let (ipv4, ipv6) = (try #require(ipv4), try #require(ipv6))
        for host in ["", "no.such.name.invalid"] {
            let source = source(host)
            #expect(source.address(to: ipv4) == nil && source.address(to: ipv6) == nil)
            #expect((source.warning == nil) == host.isEmpty)
        }
    }

    /// A socket can't be bound to an address of another family.
    @Test(arguments: ["127.0.0.5", "::1", "localhost"])
    func `is of the family of the other end`(host: String) throws {
        let source = source(host)
        #expect(source.warning == nil)
        let found = [try #require(ipv4), try #require(ipv6)].map { ($0.family, source.address(to: $0)) }
        #expect(found.contains { $0.1 != nil })
        for (family, address) in found { #expect(address == nil || address?.family == family) }
    }
}
