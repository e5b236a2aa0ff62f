// SPDX-License-Identifier: Apache-2.0

import EventLoop
import RESP
import SentinelCore

/// A client of the sentinel's own port: reads requests, writes replies in their order.
final class Client: ConnectionDelegate {
    let id: Int
    let connectedAt: UInt64
    var name = ""
    var isAuthenticated: Bool {
        didSet { parser.limits.isAuthenticationRequired = !isAuthenticated }
    }
    var channels: [[UInt8]] = []
    var patterns: [[UInt8]] = []
    /// What INFO was asked for, while it is being answered.
    var infoSections: [String] = []
    var encoder = Encoder()

    private let connection: Connection
    private unowned let port: ClientPort
    private var parser = RequestParser()
    private var request = RESP.Request()
    /// A request whose reply the core still owes; nothing behind it is looked at before.
    private var awaited: RequestID?
    private var isProcessing = false
    private var isClosed = false

    init(_ id: Int, _ connection: Connection, port: ClientPort, isAuthenticated: Bool) {
        self.id = id
        self.connection = connection
        self.port = port
        self.isAuthenticated = isAuthenticated
        connectedAt = MonotonicClock.now
        parser.limits.isAuthenticationRequired = !isAuthenticated
        connection.delegate = self
    }

    var address: String { connection.remoteAddress?.description ?? "?" }
    var remoteHost: String? { connection.remoteAddress?.host }
    var isSubscribed: Bool { !channels.isEmpty || !patterns.isEmpty }
    var subscriptions: Int { channels.count + patterns.count }

    // MARK: Replies

    /// Waits for the core's answer to `request`.
    func await(_ request: RequestID) { awaited = request }

    /// The core's answer; what came in behind the request is looked at now.
    func answer(_ request: RequestID, _ append: (inout Encoder) -> Void) {
        guard awaited == request else { return }
        awaited = nil
        append(&encoder)
        if !isProcessing { process() }
    }

    /// Sends what no request asked for.
    func push(_ append: (inout Encoder) -> Void) {
        append(&encoder)
        if !isProcessing { flush() }
        if connection.backlogBytes > port.pubsubBacklogLimit {
            port.log.write(.warning, "Client \(address) scheduled to be closed ASAP for overcoming of output buffer limits.")
            close()
        }
    }

    /// Ends the connection once everything was sent.
    func finish() {
        guard !isClosed else { return }
        flush()
        isClosed = true
        connection.closeAfterFlush()
        port.removed(self)
    }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        connection.close()
        port.removed(self)
    }

    private func flush() {
        guard !encoder.isEmpty else { return }
        connection.write(encoder.bytes)
        encoder.removeAll()
    }

    // MARK: Requests

    private func process() {
        guard !isProcessing else { return }
        isProcessing = true
        defer {
            isProcessing = false
            if !isClosed { flush() }
        }
        do throws(RequestError) {
            while !isClosed, awaited == nil, try parser.next(into: &request) {
                port.dispatch(request, from: self)
            }
        } catch {
            encoder.error(error.messageBytes)
            port.log.write(.verbose, "Protocol error (\(error)) from client: \(address)")
            finish()
        }
    }

    func connection(_ connection: Connection, didReceive bytes: UnsafeRawBufferPointer) {
        parser.append(bytes)
        if parser.bufferedBytes > port.queryBufferLimit {
            port.log.write(.warning, "Closing client that reached max query buffer length: \(address)")
            return close()
        }
        process()
    }

    func connectionDidConnect(_ connection: Connection) {}

    func connectionDidClose(_ connection: Connection, reason: CloseReason) {
        guard !isClosed else { return }
        isClosed = true
        port.log.write(.verbose, "Client closed connection \(address)")
        port.removed(self)
    }

    func connectionDidDrain(_ connection: Connection) {}
}
