// SPDX-License-Identifier: Apache-2.0

import Foundation
import SentinelConfiguration
import Synchronization

/// A free TCP port on the loopback interface.
///
/// The kernel is asked by binding to it, but the candidates lie below the range from which the kernel itself
/// gives ports to outgoing connections: one of those could take the port while its server is down.
enum LoopbackPort {
    /// One that this function has not returned before, its server may not have taken it yet; never a sentinel's
    /// default, which a rewritten file need not name.
    static func free() -> UInt16 {
        while true {
            let candidate = UInt16.random(in: 15_000..<32_000)
            guard candidate != ServerSettings().port else { continue }
            // In this order: the trial occupies it for a moment, when another test may just be about to use it.
            if taken.withLock({ $0.insert(candidate).inserted }), isFree(candidate) { return candidate }
        }
    }

    private static let taken = Mutex<Set<UInt16>>([])

    /// One that nobody has at any address, for servers that bind to all of them.
    static func freeAtEveryAddress() -> UInt16 {
        while true {
            let candidate = free()
            let descriptor = socket(AF_INET6, socketKind(SOCK_STREAM), 0)
            guard descriptor >= 0 else { return candidate }  // no IPv6 here
            defer { close(descriptor) }
            // An IPv6 socket bound to every address takes IPv4 clients as well, so IPv4 has to be free, too.
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = candidate.bigEndian
            let result = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in6>.size))
                }
            }
            if result == 0 { return candidate }
        }
    }

    private static func isFree(_ port: UInt16) -> Bool {
        let descriptor = loopbackSocket()
        defer { close(descriptor) }
        return withLoopbackAddress(port) { bind(descriptor, $0, $1) } == 0
    }
}

/// A new TCP socket, not inherited by children.
func loopbackSocket() -> Int32 {
    #if os(Linux)
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #else
        let descriptor = socket(AF_INET, SOCK_STREAM, 0)
    #endif
    precondition(descriptor >= 0, "no socket: errno \(errno)")
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    return descriptor
}

/// Calls `body` with the address 127.0.0.1:`port`.
func withLoopbackAddress<Result>(
    _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
) -> Result {
    withAddress("127.0.0.1", port, body)
}

/// Calls `body` with an IPv4 address given in numbers.
func withAddress<Result>(
    _ host: String, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
) -> Result {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    precondition(inet_pton(AF_INET, host, &address.sin_addr) == 1, "\(host) is not an IPv4 address")
    let length = socklen_t(MemoryLayout<sockaddr_in>.size)
    return withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
    }
}
