// SPDX-License-Identifier: Apache-2.0

/// A socket that takes connections in, over IPv4, IPv6 or at a path.
package final class Listener: PollerClient {
    private static let acceptsPerTurn = 64
    private static let pauseNanoseconds: UInt64 = 100_000_000

    /// Where it listens; with the port the system chose when 0 was asked for.
    package let localAddress: SocketAddress
    /// How often a waiting connection could not be taken, for want of descriptors or memory.
    package private(set) var failedAccepts = 0
    /// Hears why those that wait have to wait longer; ten times a second while that lasts.
    package var acceptFailed: (SystemError) -> Void = { _ in }

    private let poller: Poller
    private let options: ConnectionOptions
    private let security: ListenerSecurity?
    private let accepted: (Connection) -> Void
    /// Those whose handshake is not done, by a number that grows.
    private var unsecured: [UInt64: Connection] = [:]
    /// The smallest number in `unsecured`.
    private var oldestUnsecured: UInt64 = 0
    /// `nil` once closed.
    private var descriptor: Descriptor?

    /// Listens on `address`.
    ///
    /// A socket that an earlier process left at a unix path is removed first; an IPv6 listener takes no IPv4 clients.
    ///
    /// - Parameter unixMode: Permissions of a unix socket; `nil` leaves them to the umask.
    /// - Parameter security: How connections are secured; `nil` for plain ones.
    /// - Parameter accepted: Gets each connection once it is secured, on the main queue, before anything is read from
    ///   it. It has to set the delegate, or to close it.
    /// - Throws: The call that failed, `bind` with EADDRINUSE being the usual one.
    package init(
        on address: SocketAddress, backlog: Int32 = 511, unixMode: UInt16? = nil,
        options: ConnectionOptions = ConnectionOptions(), security: ListenerSecurity? = nil, poller: Poller = .main,
        accepted: @escaping (Connection) -> Void
    ) throws(SystemError) {
        self.poller = poller
        self.security = security
        self.options = options
        self.accepted = accepted
        let descriptor = try Self.open(address, backlog: backlog, unixMode: unixMode)
        localAddress = System.localAddress(descriptor) ?? address
        self.descriptor = descriptor
        do throws(SystemError) {
            try poller.add(descriptor, interest: .readable, client: self)
        } catch {
            self.descriptor = nil
            System.close(descriptor)
            throw error
        }
    }

    /// How many connections are without a finished handshake.
    package var unsecuredCount: Int { unsecured.count }

    /// Stops listening and removes a unix socket's path; connections handed over are not touched.
    package func close() {
        guard let descriptor else { return }
        self.descriptor = nil
        if localAddress.family == .unix { System.removeSocket(localAddress.host) }
        poller.close(descriptor)
        for connection in unsecured.values { connection.close() }
        unsecured = [:]
    }

    private static func open(
        _ address: SocketAddress, backlog: Int32, unixMode: UInt16?
    ) throws(SystemError) -> Descriptor {
        let descriptor = try System.streamSocket(address.family)
        do throws(SystemError) {
            switch address.family {
            case .ipv4: try System.allowAddressReuse(descriptor)
            case .ipv6:
                try System.allowAddressReuse(descriptor)
                try System.restrictToIPv6(descriptor)
            case .unix: System.removeSocket(address.host)
            }
            try System.bind(descriptor, to: address)
            if address.family == .unix, let unixMode { try System.setMode(address.host, unixMode) }
            try System.listen(descriptor, backlog: backlog)
            return descriptor
        } catch {
            System.close(descriptor)
            throw error
        }
    }

    /// Takes in what waits, up to the limit of one turn; the poller reports again what is left.
    func descriptorIsReady(_ readiness: Readiness) {
        for _ in 0..<Self.acceptsPerTurn {
            guard let descriptor else { return }  // closed by the callback
            do throws(SystemError) {
                guard let (socket, remote) = try System.accept(descriptor) else { return }
                let connection = try Connection(
                    accepted: socket, from: remote, options: options, security: security?.make(), poller: poller)
                if security == nil { accepted(connection) } else { awaitHandshake(of: connection) }
            } catch {
                failedAccepts += 1
                // One that went away while it waited concerns nobody else; anything else would come again at once.
                if error.isAboutOneConnection { continue }
                pause()
                return acceptFailed(error)
            }
        }
    }

    /// Leaves the waiting connections alone for a moment: with no descriptor to be had, trying on would only spin.
    private func pause() {
        watch(for: [])
        poller.deadlines.after(Self.pauseNanoseconds) { [weak self] in
            self?.watch(for: .readable)
        }
    }

    private func watch(for interest: Readiness) {
        guard let descriptor else { return }
        do throws(SystemError) {
            try poller.setInterest(interest, for: descriptor)
        } catch {
            pause()  // no kernel memory for the watch either
        }
    }
}

// MARK: - Securing

/// How a listener's connections are secured.
package struct ListenerSecurity {
    /// Makes the security of one connection.
    package var make: () -> any StreamSecurity
    /// How many may be without a finished handshake, given how many are; beyond that the one that has waited longest
    /// gives way.
    package var capacity: (_ unsecured: Int) -> Int
    /// Hears of each connection that came to nothing.
    package var failed: (SocketAddress?, CloseReason) -> Void

    package init(
        make: @escaping () -> any StreamSecurity, capacity: @escaping (Int) -> Int,
        failed: @escaping (SocketAddress?, CloseReason) -> Void
    ) {
        self.make = make
        self.capacity = capacity
        self.failed = failed
    }
}

extension Listener: ConnectionDelegate {
    private func awaitHandshake(of connection: Connection) {
        guard let number = connection.handshake?.number else { return }
        makeRoom(for: 1)
        connection.delegate = self
        if unsecured.isEmpty { oldestUnsecured = number }
        unsecured[number] = connection
    }

    /// Ends handshakes that are more than may be under way, those that have waited longest first.
    ///
    /// - Parameter new: How many more there will be at once.
    package func makeRoom(for new: Int = 0) {
        guard let security, !unsecured.isEmpty else { return }
        let capacity = max(1, security.capacity(unsecured.count))
        while unsecured.count + new > capacity, let oldest = unsecured[oldestUnsecured] {
            oldest.handshakeFailed(.crowdedOut)
        }
    }

    private func remove(_ connection: Connection) {
        guard let number = connection.handshake?.number else { return }
        unsecured[number] = nil
        while !unsecured.isEmpty, unsecured[oldestUnsecured] == nil { oldestUnsecured += 1 }
    }

    package func connectionDidConnect(_ connection: Connection) {
        remove(connection)
        connection.delegate = nil
        accepted(connection)
    }

    package func connectionDidClose(_ connection: Connection, reason: CloseReason) {
        remove(connection)
        security?.failed(connection.remoteAddress, reason)
    }

    package func connection(_ connection: Connection, didReceive bytes: UnsafeRawBufferPointer) {
        preconditionFailure("nothing is handed over before the handshake is done")
    }

    package func connectionDidDrain(_ connection: Connection) {}
}
