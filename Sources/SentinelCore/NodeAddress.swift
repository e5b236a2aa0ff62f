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
        self.init(host: endpoint.host, ip: NumericHost.canonical(endpoint.host), port: endpoint.port)
    }

    /// Whether it was written as a name.
    package var isName: Bool { host != ip && !NumericHost.isNumeric(host) }

    /// The form told to clients, peers and the file: never empty, so that an unresolved name is not lost.
    package func announced(asHostname: Bool) -> Endpoint {
        Endpoint(host: asHostname ? host : ip ?? host, port: port)
    }

    /// Whether both mean the same node: same port, and the same numeric address or the same name.
    ///
    /// Two unresolved names are compared as names; the original finds them equal.
    /// - Source: spec/monitoring.md 9b, spec/defects.md 25.
    package func isSameNode(as other: NodeAddress) -> Bool {
        if let ip, ip == other.ip { return port == other.port }
        return hasSameName(as: other)
    }

    /// Whether both were written in the same way, wherever that leads.
    func hasSameName(as other: NodeAddress) -> Bool { port == other.port && Self.isSameName(host, other.host) }

    /// What two addresses of one node have at least one of in common.
    struct Place: Hashable, Sendable {
        /// The numeric address, or the name in lower case.
        let host: String
        let port: UInt16
    }

    var places: [Place] {
        guard let ip else { return [Place(host: host.lowercased(), port: port)] }
        guard ip != host else { return [Place(host: ip, port: port)] }
        return [Place(host: ip, port: port), Place(host: host.lowercased(), port: port)]
    }

    /// Names know no case in ASCII; compared without making others, for it is done very often.
    private static func isSameName(_ left: String, _ right: String) -> Bool {
        left == right
            || left.utf8.count == right.utf8.count
                && zip(left.utf8, right.utf8).allSatisfy { $0.lowercase == $1.lowercase }
    }
}

extension UInt8 {
    fileprivate var lowercase: UInt8 { (0x41...0x5A).contains(self) ? self + 0x20 : self }
}

extension NodeAddress {
    /// Whether both are written as the same node: two different names are not, for one of them may lead there by
    /// mistake.
    func isWrittenAsSameNode(as other: NodeAddress) -> Bool {
        guard isSameNode(as: other) else { return false }
        return host.lowercased() == other.host.lowercased() || NumericHost.isNumeric(host)
            || NumericHost.isNumeric(other.host)
    }
}

/// Tells numeric addresses from names, without asking anybody.
package enum NumericHost {
    /// Whether the text is an IPv4 address in four decimal parts, or an IPv6 address (RFC 4291 2.2, with zone).
    package static func isNumeric(_ text: String) -> Bool { canonical(text) != nil }

    /// The address in the one form that all its spellings share (RFC 5952, as `inet_ntop` writes it); `nil` for a name.
    package static func canonical(_ text: String) -> String? {
        if isIPv4(text.utf8) { return text }
        // Most texts that are no IPv4 are names; they are told at once.
        guard text.utf8.contains(UInt8(ascii: ":")) else { return nil }
        let parts = text.utf8.split(separator: UInt8(ascii: "%"), maxSplits: 1, omittingEmptySubsequences: false)
        guard let groups = groupsOfIPv6(String(decoding: parts[0], as: UTF8.self)) else { return nil }
        guard parts.count == 2 else { return self.text(of: groups) }
        guard isZone(parts[1]) else { return nil }
        return "\(self.text(of: groups))%\(String(decoding: parts[1], as: UTF8.self))"
    }

    /// Whether it can be an interface's name or number (RFC 4007 11). What is told in hellos and lists goes by commas
    /// and lines, so not everything that Linux would take is.
    private static func isZone(_ text: Substring.UTF8View) -> Bool {
        (1...15).contains(text.count)
            && text.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"): true
                default: false
                }
            }
    }

    /// Without making parts of the text: each hello has two hosts.
    static func isIPv4(_ text: some Sequence<UInt8>) -> Bool {
        var (parts, digits, value) = (1, 0, 0)
        for byte in text {
            switch byte {
            case 0x30...0x39:
                // A zero stands alone.
                guard digits < 3, digits == 0 || value > 0 else { return false }
                digits += 1
                value = value * 10 + Int(byte - 0x30)
                guard value <= 255 else { return false }
            case UInt8(ascii: "."):
                guard digits > 0, parts < 4 else { return false }
                (parts, digits, value) = (parts + 1, 0, 0)
            default: return false
            }
        }
        return parts == 4 && digits > 0
    }

    private static func groupsOfIPv6(_ text: String) -> [UInt16]? {
        let halves = text.split(separator: "::", omittingEmptySubsequences: false)
        switch halves.count {
        case 1:
            guard let groups = groups(halves[0], mayEndInIPv4: true), groups.count == 8 else { return nil }
            return groups
        case 2:
            // "::" stands for at least one group of zeros.
            guard let before = halves[0].isEmpty ? [] : groups(halves[0], mayEndInIPv4: false),
                let after = halves[1].isEmpty ? [] : groups(halves[1], mayEndInIPv4: true),
                before.count + after.count <= 7
            else { return nil }
            return before + Array(repeating: 0, count: 8 - before.count - after.count) + after
        default: return nil
        }
    }

    /// The groups of 16 bits that a list stands for, or `nil` if one of them is none.
    private static func groups(_ text: Substring, mayEndInIPv4: Bool) -> [UInt16]? {
        let parts = text.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        var groups: [UInt16] = []
        for (index, part) in parts.enumerated() {
            if index == parts.count - 1, mayEndInIPv4, part.contains(UInt8(ascii: ".")) {
                guard isIPv4(part) else { return nil }
                let bytes = part.split(separator: UInt8(ascii: ".")).map {
                    $0.reduce(0) { $0 * 10 + UInt16($1 - 0x30) }
                }
                groups += [bytes[0] << 8 | bytes[1], bytes[2] << 8 | bytes[3]]
            } else {
                guard (1...4).contains(part.count), part.allSatisfy(isHexDigit),
                    let group = UInt16(String(decoding: part, as: UTF8.self), radix: 16)
                else { return nil }
                groups.append(group)
            }
        }
        return groups
    }

    /// Writes eight groups: the longest row of zeros as `::`, and IPv4 within IPv6 with dots.
    private static func text(of groups: [UInt16]) -> String {
        let zeros = longestZeros(in: groups)
        let isIPv4Within =
            zeros.lowerBound == 0 && (zeros.count == 6 || zeros.count == 5 && groups[5] == 0xFFFF)
        func joined(_ groups: ArraySlice<UInt16>) -> String {
            groups.map { String($0, radix: 16) }.joined(separator: ":")
        }
        if isIPv4Within {
            let bytes = groups[6...].flatMap { [$0 >> 8, $0 & 0xFF] }.map { String($0) }
            return "::" + (zeros.count == 5 ? "ffff:" : "") + bytes.joined(separator: ".")
        }
        guard zeros.count > 1 else { return joined(groups[...]) }
        return "\(joined(groups[..<zeros.lowerBound]))::\(joined(groups[zeros.upperBound...]))"
    }

    /// The longest row of zeros, the first of several.
    private static func longestZeros(in groups: [UInt16]) -> Range<Int> {
        var longest = 0..<0
        var start = 0
        while start < groups.count {
            let end = groups[start...].firstIndex { $0 != 0 } ?? groups.count
            if end - start > longest.count { longest = start..<end }
            start = end + 1
        }
        return longest
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
    }
}
