// SPDX-License-Identifier: Apache-2.0

// Socket calls; the rules are those of System.swift.

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

nonisolated extension System {
    /// A new non-blocking, close-on-exec stream socket.
    static func streamSocket(_ family: SocketAddress.Family) throws(SystemError) -> Descriptor {
        #if os(Linux)
            let type = swift_sentinel_sock_stream | swift_sentinel_sock_flags
        #else
            let type = SOCK_STREAM
        #endif
        let descriptor = Descriptor(try retrying("socket") { socket(family.number, type, 0) })
        prepare(descriptor)
        return descriptor
    }

    /// Sets what other systems cannot set while creating the descriptor.
    private static func prepare(_ descriptor: Descriptor) {
        #if !os(Linux)
            _ = fcntl(descriptor.number, F_SETFD, FD_CLOEXEC)
            _ = fcntl(descriptor.number, F_SETFL, O_NONBLOCK)
            try? setOption(descriptor, level: SOL_SOCKET, SO_NOSIGPIPE, to: 1)
        #endif
    }

    static func bind(_ descriptor: Descriptor, to address: SocketAddress) throws(SystemError) {
        _ = try retrying("bind") {
            address.withSocketAddress { pointer, length in
                #if canImport(Glibc)
                    Glibc.bind(descriptor.number, pointer, length)
                #elseif canImport(Musl)
                    Musl.bind(descriptor.number, pointer, length)
                #else
                    Darwin.bind(descriptor.number, pointer, length)
                #endif
            }
        }
    }

    /// Ends a connection, or a listener's waiting for some, for whoever holds it; nothing happens to anything else.
    static func shutDown(_ descriptor: Descriptor) { _ = shutdown(descriptor.number, Int32(SHUT_RDWR)) }

    /// Whether the other end of a connection will send nothing more.
    static func hasEndedSending(_ descriptor: Descriptor) -> Bool {
        #if os(Linux)
            let ending = swift_sentinel_pollrdhup
        #else
            let ending = Int16(POLLHUP)
        #endif
        var entry = pollfd(fd: descriptor.number, events: ending, revents: 0)
        return (try? retrying("poll") { poll(&entry, 1, 0) }) == 1
    }

    static func listen(_ descriptor: Descriptor, backlog: Int32) throws(SystemError) {
        _ = try retrying("listen") {
            #if canImport(Glibc)
                Glibc.listen(descriptor.number, backlog)
            #elseif canImport(Musl)
                Musl.listen(descriptor.number, backlog)
            #else
                Darwin.listen(descriptor.number, backlog)
            #endif
        }
    }

    /// Starts to connect; how it ends is told by the descriptor becoming writable.
    ///
    /// An interrupted connect goes on by itself, so EINTR means the same as EINPROGRESS. A full backlog of a unix
    /// listener is EAGAIN, a failure here since nothing would report when to try again.
    static func startConnecting(_ descriptor: Descriptor, to address: SocketAddress) throws(SystemError) {
        let result = address.withSocketAddress { pointer, length in
            #if canImport(Glibc)
                Glibc.connect(descriptor.number, pointer, length)
            #elseif canImport(Musl)
                Musl.connect(descriptor.number, pointer, length)
            #else
                Darwin.connect(descriptor.number, pointer, length)
            #endif
        }
        guard result < 0 else { return }
        let code = errno
        if code != EINPROGRESS && code != EINTR { throw failure("connect", code) }
    }

    /// Takes the next waiting connection, or `nil` when none waits.
    static func accept(_ listener: Descriptor) throws(SystemError) -> (Descriptor, remote: SocketAddress?)? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let number = try unlessBlocking("accept") {
            withUnsafeMutablePointer(to: &storage) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    #if os(Linux)
                        accept4(listener.number, address, &length, swift_sentinel_sock_flags)
                    #else
                        Darwin.accept(listener.number, address, &length)
                    #endif
                }
            }
        }
        guard let number else { return nil }
        let descriptor = Descriptor(number)
        prepare(descriptor)
        return (descriptor, SocketAddress(storage, length: length))
    }

    static func receive(
        _ descriptor: Descriptor, into buffer: UnsafeMutableRawBufferPointer
    ) throws(SystemError) -> Transfer {
        let count = try unlessBlocking("recv") { recv(descriptor.number, buffer.baseAddress, buffer.count, 0) }
        guard let count else { return .wouldBlock }
        return count == 0 ? .endOfStream : .bytes(count)
    }

    /// Sends what fits; never raises SIGPIPE.
    static func send(_ descriptor: Descriptor, _ bytes: UnsafeRawBufferPointer) throws(SystemError) -> Transfer {
        #if canImport(Glibc)
            let count = try unlessBlocking("send") {
                Glibc.send(descriptor.number, bytes.baseAddress, bytes.count, swift_sentinel_msg_nosignal)
            }
        #elseif canImport(Musl)
            let count = try unlessBlocking("send") {
                Musl.send(descriptor.number, bytes.baseAddress, bytes.count, swift_sentinel_msg_nosignal)
            }
        #else
            let count = try unlessBlocking("send") {
                Darwin.send(descriptor.number, bytes.baseAddress, bytes.count, 0)
            }
        #endif
        return count.map { .bytes($0) } ?? .wouldBlock
    }

    static func setOption(
        _ descriptor: Descriptor, level: Int32, _ name: Int32, to value: Int32
    ) throws(SystemError) {
        var value = value
        _ = try retrying("setsockopt") {
            setsockopt(descriptor.number, level, name, &value, socklen_t(MemoryLayout<Int32>.size))
        }
    }

    /// The error a socket has pending, 0 if none; asking clears it.
    static func pendingError(_ descriptor: Descriptor) throws(SystemError) -> Int32 {
        var value: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        _ = try retrying("getsockopt") { getsockopt(descriptor.number, SOL_SOCKET, SO_ERROR, &value, &length) }
        return value
    }

    /// The address this end of a socket has, or `nil` when it can't be told.
    static func localAddress(_ descriptor: Descriptor) -> SocketAddress? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor.number, $0, &length) }
        }
        return result == 0 ? SocketAddress(storage, length: length) : nil
    }
}

nonisolated extension System {
    /// Sends small messages at once, without waiting for more to fill a segment.
    static func disableDelay(_ descriptor: Descriptor) throws(SystemError) {
        try setOption(descriptor, level: tcpLevel, TCP_NODELAY, to: 1)
    }

    /// Probes an idle peer after `idleSeconds`, then thrice at a third of that, before giving it up.
    static func enableKeepAlive(_ descriptor: Descriptor, idleSeconds: Int32) throws(SystemError) {
        try setOption(descriptor, level: SOL_SOCKET, SO_KEEPALIVE, to: 1)
        #if os(Linux)
            try setOption(descriptor, level: tcpLevel, TCP_KEEPIDLE, to: idleSeconds)
        #else
            try setOption(descriptor, level: tcpLevel, TCP_KEEPALIVE, to: idleSeconds)
        #endif
        try setOption(descriptor, level: tcpLevel, TCP_KEEPINTVL, to: max(1, idleSeconds / 3))
        try setOption(descriptor, level: tcpLevel, TCP_KEEPCNT, to: 3)
    }

    /// Gives a peer up that has acknowledged nothing of what was sent for that long; only Linux knows it.
    static func setUserTimeout(_ descriptor: Descriptor, milliseconds: Int32) throws(SystemError) {
        #if os(Linux)
            try setOption(descriptor, level: tcpLevel, TCP_USER_TIMEOUT, to: milliseconds)
        #endif
    }

    static func allowAddressReuse(_ descriptor: Descriptor) throws(SystemError) {
        try setOption(descriptor, level: SOL_SOCKET, SO_REUSEADDR, to: 1)
    }

    /// Keeps IPv4 clients off an IPv6 listener, so that each family can have a listener of its own.
    static func restrictToIPv6(_ descriptor: Descriptor) throws(SystemError) {
        #if os(Linux)
            try setOption(descriptor, level: swift_sentinel_ipproto_ipv6, IPV6_V6ONLY, to: 1)
        #else
            try setOption(descriptor, level: IPPROTO_IPV6, IPV6_V6ONLY, to: 1)
        #endif
    }

    /// Lets a socket bound to an address alone choose its port only when connecting, so that ports do not run out.
    static func bindAddressWithoutPort(_ descriptor: Descriptor) throws(SystemError) {
        #if os(Linux)
            try setOption(
                descriptor, level: swift_sentinel_ipproto_ip, swift_sentinel_bind_address_no_port, to: 1)
        #endif
    }

    private static var tcpLevel: Int32 {
        #if os(Linux)
            swift_sentinel_ipproto_tcp
        #else
            IPPROTO_TCP
        #endif
    }
}
