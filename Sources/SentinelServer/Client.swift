// SPDX-License-Identifier: Apache-2.0

import AccessControl
import CommandCatalogue
import EventLoop
import RESP
import SentinelCore

/// A client of the sentinel's own port: reads requests, writes replies in their order.
final class Client: ConnectionDelegate {
    let id: Int
    let connectedAt: UInt64
    var name = ""
    var libraryName = ""
    var libraryVersion = ""
    var user = UserName.default
    var isAuthenticated = false {
        didSet { parser.limits.isAuthenticationRequired = !isAuthenticated }
    }
    var replies = Replies.on
    var lastCommand: CommandEntry?
    var channels: [[UInt8]] = []
    var patterns: [[UInt8]] = []
    /// What INFO was asked for, while it is being answered.
    var infoSections: [String] = []
    var encoder = Encoder()

    private let connection: Connection
    private unowned let port: ClientPort
    private var parser = RequestParser()
    private var request = RESP.Request()
    /// Whether `request` was read and waits for the end of a pause.
    private var isRequestDeferred = false
    private var usedAt: UInt64
    /// A request whose reply the core still owes; nothing behind it is looked at before.
    private var awaited: RequestID?
    private var isProcessing = false
    private var isClosed = false
    private var hasHeard = false

    /// What CLIENT REPLY asked for.
    enum Replies {
        case on, off
        /// The next request goes unanswered; then the one under way does.
        case skipNext, skip
    }

    init(_ id: Int, _ connection: Connection, port: ClientPort) {
        self.id = id
        self.connection = connection
        self.port = port
        connectedAt = MonotonicClock.now
        usedAt = connectedAt
        localAddress = connection.localAddress?.description ?? "?"
        port.access.login(self)
        connection.delegate = self
    }

    var address: String { connection.remoteAddress?.description ?? "?" }
    let localAddress: String
    var ageSeconds: UInt64 { (MonotonicClock.now - connectedAt) / 1_000_000_000 }
    var idleSeconds: UInt64 { (MonotonicClock.now - usedAt) / 1_000_000_000 }
    /// Whether another sentinel is at the other end, as far as it says so.
    var isPeer: Bool { name.hasPrefix("sentinel-") }
    var bufferedBytes: Int { parser.bufferedBytes }
    var backlogBytes: Int { connection.backlogBytes }
    var descriptorNumber: Int32 { connection.descriptorNumber }
    var isSubscribed: Bool { !channels.isEmpty || !patterns.isEmpty }
    var subscriptions: Int { channels.count + patterns.count }

    // MARK: Replies

    /// Waits for the core's answer to `request`.
    func await(_ request: RequestID) { awaited = request }

    /// The core's answer; what came in behind the request is looked at now.
    func answer(_ request: RequestID, _ append: (inout Encoder) -> Void) {
        guard awaited == request else { return }
        awaited = nil
        if replies == .off || replies == .skip {
            flush()
            append(&encoder)
            encoder.removeAll()
        } else {
            append(&encoder)
        }
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
            while !isClosed, awaited == nil, try nextRequest() { run() }
        } catch {
            encoder.error(error.messageBytes)
            port.log.write(.verbose, "Protocol error (\(error)) from client: \(address)")
            finish()
        }
    }

    private func nextRequest() throws(RequestError) -> Bool {
        if isRequestDeferred { return !port.isPaused(for: self, request) }
        guard try parser.next(into: &request) else { return false }
        isRequestDeferred = port.isPaused(for: self, request)
        return !isRequestDeferred
    }

    private func run() {
        isRequestDeferred = false
        if replies == .skipNext { replies = .skip } else if replies == .skip { replies = .on }
        let isSilent = replies == .off || replies == .skip
        if isSilent { flush() }
        port.dispatch(request, from: self)
        // CLIENT REPLY ON answers for itself.
        if isSilent, replies != .on { encoder.removeAll() }
    }

    /// A pause has ended.
    func resume() { process() }

    func connection(_ connection: Connection, didReceive bytes: UnsafeRawBufferPointer) {
        usedAt = MonotonicClock.now
        if !hasHeard {
            hasHeard = true
            if port.diagnosis.isHandshake(bytes, from: connection.remoteAddress) { return close() }
        }
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

extension Client {
    /// The client as CLIENT LIST shows it.
    ///
    /// - Source: spec/commands.md 4.4.
    var line: String {
        let command = lastCommand?.fullName ?? "NULL"
        let fields: [(String, String)] = [
            ("id", "\(id)"), ("addr", address), ("laddr", localAddress), ("fd", "\(descriptorNumber)"), ("name", name),
            ("age", "\(ageSeconds)"), ("idle", "\(idleSeconds)"), ("flags", isSubscribed ? "P" : "N"), ("db", "0"),
            ("sub", "\(channels.count)"), ("psub", "\(patterns.count)"), ("ssub", "0"), ("multi", "-1"), ("watch", "0"),
            ("qbuf", "\(bufferedBytes)"), ("qbuf-free", "0"), ("argv-mem", "0"), ("multi-mem", "0"), ("rbs", "0"),
            ("rbp", "0"), ("obl", "0"), ("oll", "0"), ("omem", "\(backlogBytes)"), ("tot-mem", "\(bufferedBytes + backlogBytes)"),
            ("events", "r"), ("cmd", command), ("user", "\(user)"), ("redir", "-1"),
            ("resp", "\(encoder.version.rawValue)"), ("lib-name", libraryName), ("lib-ver", libraryVersion),
        ]
        return fields.map { "\($0)=\($1)" }.joined(separator: " ")
    }
}
