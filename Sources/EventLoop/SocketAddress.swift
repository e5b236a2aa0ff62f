// SPDX-License-Identifier: Apache-2.0

#if os(Linux)
    import CLinux
#endif
#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Where a stream socket can be bound or connected to.
package nonisolated struct SocketAddress: Hashable, Sendable, CustomStringConvertible {
    package enum Family: Hashable, Sendable {
        case ipv4, ipv6, unix

        var number: Int32 {
            switch self {
            case .ipv4: AF_INET
            case .ipv6: AF_INET6
            case .unix: AF_UNIX
            }
        }
    }

    /// The 128 bits of an IPv6 address, as the numbers its eight first and eight last bytes make.
    ///
    /// Not a `UInt128`: where a value with one in it is passed in registers, the 6.3 compiler gives the copy on the
    /// stack an alignment of 8 and then moves it as if it were 16, which crashes in one function and not in the next.
    private struct Bits: Hashable, Sendable {
        let high: UInt64
        let low: UInt64

        init(_ address: in6_addr) {
            (high, low) = withUnsafeBytes(of: address) { bytes in
                (
                    UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
                    UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
                )
            }
        }

        var address: in6_addr {
            var address = in6_addr()
            withUnsafeMutableBytes(of: &address) { bytes in
                bytes.storeBytes(of: high.bigEndian, as: UInt64.self)
                bytes.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
            }
            return address
        }
    }

    /// Numbers in host byte order; a unix path is bytes, empty for the unnamed end of a connection.
    private enum Form: Hashable, Sendable {
        case ipv4(UInt32, port: UInt16)
        case ipv6(Bits, scope: UInt32, port: UInt16)
        case unix([UInt8])
    }

    private var form: Form

    /// Reads an IPv4 or IPv6 address in numbers, an IPv6 one optionally with its zone (`fe80::1%eth0`).
    ///
    /// Only the full dotted form is IPv4 here; short forms such as `127.1` are left to the resolver.
    package init?(numericHost host: String, port: UInt16) {
        guard !host.utf8.contains(0) else { return nil }
        var address4 = in_addr()
        if inet_pton(AF_INET, host, &address4) == 1 {
            form = .ipv4(UInt32(bigEndian: address4.s_addr), port: port)
            return
        }
        let parts = host.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        var address6 = in6_addr()
        guard let digits = parts.first, inet_pton(AF_INET6, String(digits), &address6) == 1 else { return nil }
        var scope: UInt32 = 0
        if parts.count == 2 {
            let zone = String(parts[1])
            scope = UInt32(zone) ?? if_nametoindex(zone)
            guard scope != 0 else { return nil }
        }
        form = .ipv6(Bits(address6), scope: scope, port: port)
    }

    /// An address in the file system, or `nil` when the path is empty or too long for the system.
    package init?(unixPath path: String) {
        let bytes = Array(path.utf8)
        guard !bytes.isEmpty, bytes.count < Self.unixPathCapacity, !bytes.contains(0) else { return nil }
        form = .unix(bytes)
    }

    /// A Unix address in the name space apart from the file system that only Linux has; without the leading zero byte.
    package init?(abstractName name: String) {
        let bytes = Array(name.utf8)
        guard !bytes.isEmpty, bytes.count < Self.unixPathCapacity else { return nil }
        form = .unix([0] + bytes)
    }

    /// The longest path of a Unix socket, in bytes.
    package static var longestUnixPath: Int { unixPathCapacity - 1 }

    /// Every IPv4 address of this host.
    package static func anyIPv4(port: UInt16) -> SocketAddress { SocketAddress(.ipv4(0, port: port)) }

    /// Every IPv6 address of this host.
    package static func anyIPv6(port: UInt16) -> SocketAddress {
        SocketAddress(.ipv6(Bits(in6_addr()), scope: 0, port: port))
    }

    private init(_ form: Form) { self.form = form }

    package var family: Family {
        switch form {
        case .ipv4: .ipv4
        case .ipv6: .ipv6
        case .unix: .unix
        }
    }

    /// The address in numbers without the port, the path, or `@` and an abstract name; "" for the unnamed end of a
    /// unix connection.
    package var host: String {
        switch form {
        case .ipv4(let number, _):
            return (0..<4).map { String(UInt8(truncatingIfNeeded: number >> (24 - 8 * $0))) }.joined(separator: ".")
        case .ipv6(let bits, let scope, _):
            var address = bits.address
            var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
            inet_ntop(AF_INET6, &address, &text, socklen_t(text.count))
            let digits = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            return scope == 0 ? digits : "\(digits)%\(scope)"
        case .unix(let path):
            return path.first == 0
                ? "@" + String(decoding: path.dropFirst(), as: UTF8.self) : String(decoding: path, as: UTF8.self)
        }
    }

    /// The port; `nil` for a unix socket.
    package var port: UInt16? {
        switch form {
        case .ipv4(_, let port), .ipv6(_, _, let port): port
        case .unix: nil
        }
    }

    /// The same address with another port; a unix address stays as it is.
    package func withPort(_ port: UInt16) -> SocketAddress {
        switch form {
        case .ipv4(let number, _): SocketAddress(.ipv4(number, port: port))
        case .ipv6(let bits, let scope, _): SocketAddress(.ipv6(bits, scope: scope, port: port))
        case .unix: self
        }
    }

    package var description: String {
        switch form {
        case .ipv4(_, let port): "\(host):\(port)"
        case .ipv6(_, _, let port): "[\(host)]:\(port)"
        case .unix: host
        }
    }
}

// MARK: - The C form

nonisolated extension SocketAddress {
    /// Reads what the kernel or the resolver wrote; `nil` for a family that is not ours.
    init?(_ storage: sockaddr_storage, length: socklen_t) {
        let read: Form? = withUnsafeBytes(of: storage) { bytes in
            switch Int32(storage.ss_family) {
            case AF_INET where Int(length) >= MemoryLayout<sockaddr_in>.size:
                let address = bytes.loadUnaligned(as: sockaddr_in.self)
                return .ipv4(UInt32(bigEndian: address.sin_addr.s_addr), port: UInt16(bigEndian: address.sin_port))
            case AF_INET6 where Int(length) >= MemoryLayout<sockaddr_in6>.size:
                let address = bytes.loadUnaligned(as: sockaddr_in6.self)
                return .ipv6(
                    Bits(address.sin6_addr), scope: address.sin6_scope_id,
                    port: UInt16(bigEndian: address.sin6_port))
            case AF_UNIX:
                let path = bytes[min(Self.unixPathOffset, Int(length))..<min(Int(length), bytes.count)]
                #if os(Linux)
                    // An abstract name starts with a zero byte and goes on to the end.
                    if path.first == 0, path.count > 1 { return .unix(Array(path)) }
                #endif
                return .unix(Array(path.prefix { $0 != 0 }))
            default:
                return nil
            }
        }
        guard let read else { return nil }
        form = read
    }

    /// Copies and reads `length` bytes at `pointer`.
    init?(copying pointer: UnsafePointer<sockaddr>, length: Int) {
        guard length <= MemoryLayout<sockaddr_storage>.size else { return nil }
        var storage = sockaddr_storage()
        withUnsafeMutableBytes(of: &storage) {
            $0.copyMemory(from: UnsafeRawBufferPointer(start: pointer, count: length))
        }
        self.init(storage, length: socklen_t(length))
    }

    /// Calls `body` with the address as the kernel wants it.
    func withSocketAddress<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        var storage = sockaddr_storage()
        let length = fill(&storage)
        return withUnsafePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(length)) }
        }
    }

    /// Writes the C form and returns its length.
    private func fill(_ storage: inout sockaddr_storage) -> Int {
        withUnsafeMutableBytes(of: &storage) { bytes in
            switch form {
            case .ipv4(let number, let port):
                var address = sockaddr_in()
                address.sin_family = sa_family_t(AF_INET)
                address.sin_port = port.bigEndian
                address.sin_addr.s_addr = number.bigEndian
                #if !os(Linux)
                    address.sin_len = UInt8(MemoryLayout<sockaddr_in>.size)
                #endif
                bytes.storeBytes(of: address, as: sockaddr_in.self)
                return MemoryLayout<sockaddr_in>.size
            case .ipv6(let bits, let scope, let port):
                var address = sockaddr_in6()
                address.sin6_family = sa_family_t(AF_INET6)
                address.sin6_port = port.bigEndian
                address.sin6_scope_id = scope
                address.sin6_addr = bits.address
                #if !os(Linux)
                    address.sin6_len = UInt8(MemoryLayout<sockaddr_in6>.size)
                #endif
                bytes.storeBytes(of: address, as: sockaddr_in6.self)
                return MemoryLayout<sockaddr_in6>.size
            case .unix(let path):
                var address = sockaddr_un()
                address.sun_family = sa_family_t(AF_UNIX)
                // An abstract name, which starts with a zero byte, ends with the address; a path with one more.
                let length = Self.unixPathOffset + path.count + (path.first == 0 ? 0 : 1)
                #if !os(Linux)
                    address.sun_len = UInt8(length)
                #endif
                bytes.storeBytes(of: address, as: sockaddr_un.self)
                // The last byte of `sun_path` stays zero: the path was checked to be shorter.
                for (index, byte) in path.enumerated() { bytes[Self.unixPathOffset + index] = byte }
                return length
            }
        }
    }

    private static var unixPathOffset: Int { MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2 }
    private static var unixPathCapacity: Int { MemoryLayout<sockaddr_un>.size - unixPathOffset }
}
