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

/// Sends single messages to a Unix datagram socket, as service managers and the system log have one.
///
/// Each message goes out through a socket of its own, so that the receiver may be restarted at any time.
package nonisolated struct DatagramSender: Sendable {
    private let address: SocketAddress
    private let patienceMilliseconds: Int

    /// - Parameter patienceMilliseconds: How long to wait for a receiver that is behind; 0 drops the message then.
    package init(to address: SocketAddress, patienceMilliseconds: Int = 0) {
        self.address = address
        self.patienceMilliseconds = patienceMilliseconds
    }

    /// - Parameter isUrgent: Whether the message is not worth any wait.
    /// - Throws: Why it did not get there, such as a receiver that is gone or behind.
    package func send(_ text: String, isUrgent: Bool = false) throws(SystemError) {
        let socket = try System.datagramSocket(patienceMilliseconds: patienceMilliseconds)
        defer { System.close(socket) }
        try System.send(socket, Array(text.utf8), to: address, isPatient: patienceMilliseconds > 0 && !isUrgent)
    }
}

nonisolated extension System {
    /// A close-on-exec Unix datagram socket that waits at most that long to send; 0 stands for no limit.
    fileprivate static func datagramSocket(patienceMilliseconds: Int) throws(SystemError) -> Descriptor {
        #if os(Linux)
            let type = swift_sentinel_sock_dgram
        #else
            let type = SOCK_DGRAM
        #endif
        let descriptor = Descriptor(try retrying("socket") { socket(AF_UNIX, type, 0) })
        #if !os(Linux)
            _ = fcntl(descriptor.number, F_SETFD, FD_CLOEXEC)
        #endif
        var limit = timeval()
        limit.tv_sec = time_t(patienceMilliseconds / 1000)
        limit.tv_usec = suseconds_t(patienceMilliseconds % 1000 * 1000)
        setsockopt(
            descriptor.number, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        return descriptor
    }

    fileprivate static func send(
        _ socket: Descriptor, _ bytes: [UInt8], to address: SocketAddress, isPatient: Bool
    ) throws(SystemError) {
        #if os(Linux)
            let flags = swift_sentinel_msg_nosignal | (isPatient ? 0 : swift_sentinel_msg_dontwait)
        #else
            let flags = isPatient ? 0 : MSG_DONTWAIT
        #endif
        _ = try retrying("sendto") {
            address.withSocketAddress { target, length in
                bytes.withUnsafeBytes { sendto(socket.number, $0.baseAddress, $0.count, flags, target, length) }
            }
        }
    }
}
