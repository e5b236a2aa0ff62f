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

    /// The form told to clients, peers and the file: never empty, so that an unresolved name is not lost.
    package func announced(asHostname: Bool) -> Endpoint {
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
        let halves = String(decoding: address, as: UTF8.self).split(separator: "::", omittingEmptySubsequences: false)
        switch halves.count {
        case 1: return groups(halves[0], mayEndInIPv4: true) == 8
        case 2:
            // "::" stands for at least one group of zeros.
            guard let before = halves[0].isEmpty ? 0 : groups(halves[0], mayEndInIPv4: false),
                let after = halves[1].isEmpty ? 0 : groups(halves[1], mayEndInIPv4: true)
            else { return false }
            return before + after <= 7
        default: return false
        }
    }

    /// How many groups of 16 bits a list of groups stands for, or `nil` if one of them is none.
    private static func groups(_ text: Substring, mayEndInIPv4: Bool) -> Int? {
        let parts = text.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        var count = 0
        for (index, part) in parts.enumerated() {
            if index == parts.count - 1, mayEndInIPv4, part.contains(UInt8(ascii: ".")) {
                guard isIPv4(part) else { return nil }
                count += 2
            } else {
                guard (1...4).contains(part.count), part.allSatisfy(isHexDigit) else { return nil }
                count += 1
            }
        }
        return count
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
    }
}
