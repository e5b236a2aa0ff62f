// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import EventLoop
@testable import TransportSecurity

/// A delegate that remembers what it was told.
final class Recorder: ConnectionDelegate {
    var received: [UInt8] = []
    var connects = 0
    var drains = 0
    var closes: [CloseReason] = []
    var onReceive: (Connection) -> Void = { _ in }

    func connectionDidConnect(_ connection: Connection) { connects += 1 }
    func connectionDidDrain(_ connection: Connection) { drains += 1 }
    func connectionDidClose(_ connection: Connection, reason: CloseReason) { closes.append(reason) }

    func connection(_ connection: Connection, didReceive bytes: UnsafeRawBufferPointer) {
        received.append(contentsOf: bytes)
        onReceive(connection)
    }
}

/// A listener of secured connections that share one recorder.
final class SecureServer {
    let recorder = Recorder()
    private(set) var connections: [Connection] = []
    private(set) var failures: [CloseReason] = []
    private var listener: Listener?

    init(_ tls: TLS, capacity: Int = 1_000) throws {
        let address = try #require(SocketAddress(numericHost: "127.0.0.1", port: 0))
        let security = ListenerSecurity(
            make: { tls.makeServerSecurity() }, capacity: { _ in capacity },
            failed: { [unowned self] _, reason in self.failures.append(reason) })
        listener = try Listener(on: address, security: security) { [unowned self] connection in
            connection.delegate = self.recorder
            self.connections.append(connection)
        }
    }

    var address: SocketAddress {
        get throws { try #require(listener).localAddress }
    }

    func close() {
        listener?.close()
        for connection in connections { connection.close() }
        connections = []
    }
}

func connect(to server: SecureServer, _ end: Recorder, by tls: TLS? = nil) throws -> Connection {
    let security = try (tls ?? makeTLS()).makeClientSecurity()
    return Connection(connectingTo: try server.address, security: security, delegate: end)
}

/// A secured pair, both ends established.
func withPair(
    _ body: (_ client: Connection, _ clientEnd: Recorder, _ server: Connection, _ serverEnd: Recorder) async throws ->
        Void
) async throws {
    let server = try SecureServer(makeTLS())
    defer { server.close() }
    let end = Recorder()
    let client = try connect(to: server, end)
    defer { client.close() }
    try await eventually { end.connects == 1 && server.connections.count == 1 }
    try await body(client, end, server.connections[0], server.recorder)
}

func openDescriptorCount() -> Int {
    (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd"))?.count ?? 0
}
