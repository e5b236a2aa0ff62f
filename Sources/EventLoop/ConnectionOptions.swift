// SPDX-License-Identifier: Apache-2.0

/// How a TCP connection is kept; of no meaning for unix sockets.
package nonisolated struct ConnectionOptions: Hashable, Sendable {
    /// Seconds of silence before the other end is probed, above 0; then thrice at a third of that. `nil`: never.
    package var keepAliveIdleSeconds: Int32?
    /// Milliseconds sent data may stay unacknowledged, above 0. `nil`: as the system has it, many minutes.
    package var userTimeoutMilliseconds: Int32?

    package init(keepAliveIdleSeconds: Int32? = nil, userTimeoutMilliseconds: Int32? = nil) {
        self.keepAliveIdleSeconds = keepAliveIdleSeconds
        self.userTimeoutMilliseconds = userTimeoutMilliseconds
    }

    /// Sets what can be set.
    ///
    /// Failures are passed over on purpose: a peer that is already gone refuses options on some systems, and reading
    /// will tell that properly.
    func apply(to descriptor: Descriptor, _ family: SocketAddress.Family) {
        guard family != .unix else { return }
        try? System.disableDelay(descriptor)
        if let seconds = keepAliveIdleSeconds { try? System.enableKeepAlive(descriptor, idleSeconds: seconds) }
        if let limit = userTimeoutMilliseconds { try? System.setUserTimeout(descriptor, milliseconds: limit) }
    }
}
