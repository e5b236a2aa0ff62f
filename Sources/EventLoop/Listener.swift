// SPDX-License-Identifier: Apache-2.0

import Dispatch

/// A socket that takes connections in, over IPv4, IPv6 or at a path.
package final class Listener: PollerClient {
    private static let acceptsPerTurn = 64
    private static let pauseMilliseconds = 100

    /// Where it listens; with the port the system chose when 0 was asked for.
    package let localAddress: SocketAddress
    /// How often a waiting connection could not be taken, for want of descriptors or memory.
    package private(set) var failedAccepts = 0

    private let poller: Poller
    private let options: ConnectionOptions
    private let accepted: (Connection) -> Void
    /// `nil` once closed.
    private var descriptor: Descriptor?

    /// Listens on `address`.
    ///
    /// A socket that an earlier process left at a unix path is removed first; an IPv6 listener takes no IPv4 clients.
    ///
    /// - Parameter unixMode: Permissions of a unix socket; `nil` leaves them to the umask.
    /// - Parameter accepted: Gets each connection, on the main queue, before anything is read from it. It has to set
    ///   the delegate, or to close it.
    /// - Throws: The call that failed, `bind` with EADDRINUSE being the usual one.
    package init(
        on address: SocketAddress, backlog: Int32 = 511, unixMode: UInt16? = nil,
        options: ConnectionOptions = ConnectionOptions(), poller: Poller = .main,
        accepted: @escaping (Connection) -> Void
    ) throws(SystemError) {
        self.poller = poller
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

    /// Stops listening and removes a unix socket's path; connections taken in before are not touched.
    package func close() {
        guard let descriptor else { return }
        self.descriptor = nil
        if localAddress.family == .unix { System.removeSocket(localAddress.host) }
        poller.close(descriptor)
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
                let connection = try Connection(accepted: socket, from: remote, options: options, poller: poller)
                accepted(connection)
            } catch {
                failedAccepts += 1
                // One that went away while it waited concerns nobody else; anything else would come again at once.
                if error.isAboutOneConnection { continue }
                return pause()
            }
        }
    }

    /// Leaves the waiting connections alone for a moment: with no descriptor to be had, trying on would only spin.
    private func pause() {
        watch(for: [])
        DispatchQueue.main.asyncAfter(deadline: .now() + .milliseconds(Self.pauseMilliseconds)) { [weak self] in
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
