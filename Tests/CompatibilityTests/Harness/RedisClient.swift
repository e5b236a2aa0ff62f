// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A blocking client on a plain socket; every call has a time limit.
final class RedisClient {
    enum Failure: Error {
        case connect(port: UInt16, errno: Int32)
        case timeout(awaiting: String)
        /// The peer closed the connection.
        case closed
    }

    let port: UInt16
    private let descriptor: Int32
    /// The program that speaks TLS for this client.
    private let tunnel: Tunnel?
    private var decoder = ReplyDecoder()

    /// - Parameters:
    ///   - host: Where the port is, in numbers.
    ///   - source: The address to connect from, in numbers; `nil` leaves it to the system.
    ///   - receiveBuffer: Bytes the kernel may take in for us, for a client that is slow on purpose.
    ///   - security: For TLS, which a program at the other end of a pair of sockets speaks for it.
    init(
        port: UInt16, host: String = "127.0.0.1", from source: String? = nil, receiveBuffer: Int32? = nil,
        security: Security? = nil, within limit: Duration = .seconds(2)
    ) throws {
        self.port = port
        if let security {
            (descriptor, tunnel) = try security.tunnel(to: port)
            _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
            return
        }
        tunnel = nil
        descriptor = loopbackSocket()
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        if var receiveBuffer {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, socklen_t(MemoryLayout<Int32>.size))
        }
        if let source, withAddress(source, 0, { bind(descriptor, $0, $1) }) == -1 {
            throw Failure.connect(port: port, errno: errno)
        }
        #if !os(Linux)
            var on: Int32 = 1
            setsockopt(descriptor, SOL_SOCKET, SO_NOSIGPIPE, &on, socklen_t(MemoryLayout<Int32>.size))
        #endif
        if withAddress(host, port, { connect(descriptor, $0, $1) }) == -1 {
            guard errno == EINPROGRESS else { throw Failure.connect(port: port, errno: errno) }
            try awaitReadiness(POLLOUT, until: .now + limit, "connect")
            var code: Int32 = 0
            var size = socklen_t(MemoryLayout<Int32>.size)
            getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size)
            guard code == 0 else { throw Failure.connect(port: port, errno: code) }
        }
    }

    deinit {
        close(descriptor)
        tunnel?.end()
    }

    /// Its own end of the connection, as the peer's CLIENT LIST shows it.
    var localAddress: String {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
        }
        return "127.0.0.1:\(UInt16(bigEndian: address.sin_port))"
    }

    /// Sends one command and returns its reply.
    func request(_ words: [String], within limit: Duration = .seconds(3)) throws -> Reply {
        try send(command: words)
        return try readReply(within: limit)
    }

    func request(_ words: String...) throws -> Reply { try request(words) }

    /// Sends several commands in one write and returns their replies.
    func pipeline(_ commands: [[String]], within limit: Duration = .seconds(3)) throws -> [Reply] {
        try send(commands.flatMap(Self.encode))
        return try commands.map { _ in try readReply(within: limit) }
    }

    func send(command words: [String]) throws { try send(Self.encode(words)) }

    func send(_ bytes: [UInt8], within limit: Duration = .seconds(3)) throws {
        let end = ContinuousClock.now + limit
        #if os(Linux)
            let flags = Int32(MSG_NOSIGNAL)
        #else
            let flags: Int32 = 0
        #endif
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { Foundation.send(descriptor, $0.baseAddress, $0.count, flags) }
            if count >= 0 {
                sent += count
            } else if errno == EAGAIN || errno == EWOULDBLOCK {
                try awaitReadiness(POLLOUT, until: end, "send")
            } else if errno != EINTR {
                throw Failure.closed
            }
        }
    }

    /// Says that nothing more will be sent; what is owed can still be read.
    func endSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// The next reply or, on a subscribed connection, the next message.
    func readReply(within limit: Duration = .seconds(3)) throws -> Reply {
        let end = ContinuousClock.now + limit
        while true {
            if let reply = try decoder.next() { return reply }
            try receive(until: end, awaiting: "a reply")
        }
    }

    /// The next message if one arrives in time.
    func nextReply(within limit: Duration) throws -> Reply? {
        do { return try readReply(within: limit) } catch Failure.timeout { return nil }
    }

    /// Whether the peer closes the connection in time without sending anything more.
    func isClosedByPeer(within limit: Duration) -> Bool {
        let end = ContinuousClock.now + limit
        do {
            try receive(until: end, awaiting: "the end of the connection")
            return false
        } catch Failure.closed {
            return decoder.rest.isEmpty
        } catch {
            return false
        }
    }

    static func encode(_ words: [String]) -> [UInt8] { encode(words.map { Array($0.utf8) }) }

    static func encode(_ words: [[UInt8]]) -> [UInt8] {
        var bytes = Array("*\(words.count)\r\n".utf8)
        for word in words { bytes += Array("$\(word.count)\r\n".utf8) + word + [13, 10] }
        return bytes
    }

    private func receive(until end: ContinuousClock.Instant, awaiting what: String) throws {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            if count > 0 {
                decoder.append(chunk[..<count])
                return
            }
            if count == 0 { throw Failure.closed }
            guard errno != EINTR else { continue }
            guard errno == EAGAIN || errno == EWOULDBLOCK else { throw Failure.closed }
            try awaitReadiness(POLLIN, until: end, what)
        }
    }

    private func awaitReadiness(_ events: some BinaryInteger, until end: ContinuousClock.Instant, _ what: String) throws
    {
        while true {
            let left = max(0, (end - .now).milliseconds)
            var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
            // In slices, so that a cancelled test does not wait for the whole limit.
            let count = poll(&entry, 1, Int32(min(left, 200)))
            if count > 0 { return }
            if left == 0 || Task.isCancelled { throw Failure.timeout(awaiting: "\(what) on port \(port)") }
        }
    }
}
