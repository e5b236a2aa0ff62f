// SPDX-License-Identifier: Apache-2.0

import EventLoop
import RESP

/// One connection to a node: of a client, a sentinel, or a replica.
final class NodeClient: ConnectionDelegate {
    /// A client that lets more than this pile up is cut off.
    private static let maxBacklogBytes = 256 << 20

    /// What CLIENT KILL tells apart.
    enum Kind { case normal, subscriber, replica }

    let id: Int
    let connection: Connection
    private(set) weak var node: DataNode?
    var version = ProtocolVersion.resp2
    var name: [UInt8] = []
    /// Also when no password was wanted at the time it connected.
    var isAuthenticated: Bool
    /// What it subscribed to, kept by the node's `ChannelTable`.
    var channels: [[UInt8]] = []
    /// Commands since MULTI; `nil` outside of a transaction.
    var transaction: Transaction?
    /// Set once it has registered as a replica.
    var replica: Replica?

    private var parser = RequestParser()
    private var request = Request()

    struct Transaction {
        var requests: [Request] = []
        /// Whether a command was refused, so that EXEC has to be as well.
        var isSpoiled = false
    }

    struct Replica {
        let host: String
        /// Where it listens itself.
        let port: Int
        var acknowledgedOffset: Int
    }

    init(_ connection: Connection, id: Int, of node: DataNode) {
        self.connection = connection
        self.id = id
        self.node = node
        isAuthenticated = node.settings.password == nil
        connection.delegate = self
    }

    var kind: Kind { replica != nil ? .replica : channels.isEmpty ? .normal : .subscriber }

    /// Writes bytes that are complete messages.
    func send(_ bytes: [UInt8]) {
        guard connection.backlogBytes <= Self.maxBacklogBytes else { return close() }
        connection.write(bytes)
    }

    func close() {
        connection.close()
        node?.remove(self)
    }

    /// Sends what is written, the answer to QUIT, and ends.
    func closeAfterFlush() {
        connection.closeAfterFlush()
        node?.remove(self)
    }

    func connectionDidConnect(_ connection: Connection) {}
    func connectionDidDrain(_ connection: Connection) {}

    func connectionDidClose(_ connection: Connection, reason: CloseReason) { node?.remove(self) }

    func connection(_ connection: Connection, didReceive bytes: UnsafeRawBufferPointer) {
        parser.append(bytes)
        while connection.isOpen, connection.delegate === self, let node {
            do {
                guard try parser.next(into: &request) else { return }
            } catch {
                var reply = Encoder()
                reply.error(error.messageBytes)
                send(reply.bytes)
                return closeAfterFlush()
            }
            guard !request.isEmpty else { continue }
            var call = Call(node: node, client: self, request: request, reply: Encoder(version: version))
            Command.perform(&call)
            send(call.reply.bytes)
            if call.endsConnection { closeAfterFlush() }
        }
    }
}
