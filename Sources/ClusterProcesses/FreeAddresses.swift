// SPDX-License-Identifier: Apache-2.0

package import EventLoop

/// Addresses of this machine that nobody listens on.
package enum FreeAddresses {
    /// Below the range systems take ports for outgoing connections from, so that nobody gets one by accident while the
    /// server that had it is down.
    private static let ports: Range<UInt16> = 16000..<32000

    /// As many addresses of `127.0.0.1`, in the order of their ports; `nil` if there are too few.
    package static func find(_ count: Int) -> [SocketAddress]? {
        var held: [Listener] = []
        defer { for listener in held { listener.close() } }
        for _ in 0..<1000 where held.count < count {
            let port = UInt16.random(in: ports)
            guard let address = SocketAddress(numericHost: "127.0.0.1", port: port) else { return nil }
            if let listener = try? Listener(on: address, accepted: { $0.close() }) { held.append(listener) }
        }
        return held.count == count ? held.map(\.localAddress).sorted { ($0.port ?? 0) < ($1.port ?? 0) } : nil
    }
}
