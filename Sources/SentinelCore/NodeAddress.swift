// SPDX-License-Identifier: Apache-2.0

/// Where an instance is: the host as it was told to us, the numeric address that it stands for, and the port.
package struct NodeAddress: Hashable, Sendable {
    /// A name or a numeric address, as written.
    package let host: String
    /// The numeric address, or `nil` while the name is not resolved: unknown, never "different".
    package var ip: String?
    package let port: UInt16

    package init(host: String, ip: String?, port: UInt16) {
        self.host = host
        self.ip = ip
        self.port = port
    }

    /// An address whose numeric form is known at once if the host is one.
    package init(_ endpoint: Endpoint) {
        self.init(
            host: endpoint.host, ip: NumericHost.isNumeric(endpoint.host) ? endpoint.host : nil, port: endpoint.port)
    }

    /// The form told to clients, peers and the file.
    package func announced(asHostname: Bool) -> Endpoint {
        Endpoint(host: asHostname ? host : ip ?? "", port: port)
    }

    /// The form kept in the file: never empty, so that an unresolved name is not lost.
    package func remembered(asHostname: Bool) -> Endpoint {
        Endpoint(host: asHostname ? host : ip ?? host, port: port)
    }

    /// Whether both mean the same node: same port, and the same numeric address or the same name.
    ///
    /// Two unresolved names are compared as names; the original finds them equal.
    /// - Source: spec/monitoring.md 9b, spec/defects.md 25.
    package func isSameNode(as other: NodeAddress) -> Bool {
        guard port == other.port else { return false }
        if let ip, ip == other.ip { return true }
        return host == other.host || host.lowercased() == other.host.lowercased()
    }
}

/// Tells numeric addresses from names, without asking anybody.
package enum NumericHost {
    /// Whether the text is an IPv4 address in four decimal parts, or an IPv6 address (RFC 4291 2.2, with zone).
    package static func isNumeric(_ text: String) -> Bool { isIPv4(text.utf8) || isIPv6(text) }

    static func isIPv4(_ text: some Collection<UInt8>) -> Bool {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                guard (1...3).contains(part.count), part.allSatisfy({ (0x30...0x39).contains($0) }) else { return false }
                guard part.count == 1 || part.first != 0x30 else { return false }
                return part.reduce(0) { $0 * 10 + Int($1 &- 0x30) } <= 255
            }
    }

    private static func isIPv6(_ text: String) -> Bool {
        let address = text.utf8.split(separator: UInt8(ascii: "%"), maxSplits: 1, omittingEmptySubsequences: false)[0]
        guard address.contains(UInt8(ascii: ":")) else { return false }
        var groups = address.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).map(Array.init)
        var units = 0
        if let last = groups.last, last.contains(UInt8(ascii: ".")) {
            guard isIPv4(last) else { return false }
            units = 2
            groups.removeLast()
        }
        // A leading or trailing "::" leaves two empty groups there; one of them is punctuation.
        if groups.count > 1, groups[0].isEmpty, groups[1].isEmpty { groups.removeFirst() }
        if units == 0, groups.count > 1, groups[groups.count - 1].isEmpty, groups[groups.count - 2].isEmpty {
            groups.removeLast()
        }
        let gaps = groups.count { $0.isEmpty }
        guard gaps <= 1 else { return false }
        for group in groups where !group.isEmpty {
            guard group.count <= 4, group.allSatisfy({ isHexDigit($0) }) else { return false }
            units += 1
        }
        return gaps == 1 ? units <= 7 : units == 8
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
    }
}
