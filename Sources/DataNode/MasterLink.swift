// SPDX-License-Identifier: Apache-2.0

import Dispatch
import EventLoop
import RESP

/// A replica's link to its master, made anew for as long as the node follows that master.
final class MasterLink: ConnectionDelegate {
    private static let resolver = Resolver(limit: 2)
    private static let firstPauseMilliseconds = 100
    private static let longestPauseMilliseconds = 1000

    private enum Stage {
        case idle
        /// Connecting, or waiting for the snapshot to begin.
        case waiting
        case snapshot(KeySpace, missing: Int, offset: Int)
        case streaming
    }

    let host: String
    let port: UInt16
    /// When the link went down, or the node began to follow; `nil` while it is up.
    private(set) var downSince: UInt64? = MonotonicClock.now

    private weak var node: DataNode?
    private var connection: Connection?
    private var parser = RequestParser()
    private var request = Request()
    private var stage = Stage.idle
    private var pauseMilliseconds = firstPauseMilliseconds
    private var isEnded = false

    init(host: String, port: UInt16, for node: DataNode) {
        self.host = host
        self.port = port
        self.node = node
    }

    var isUp: Bool { downSince == nil }

    /// Ends the link for good.
    func end() {
        isEnded = true
        connection?.close()
        connection = nil
    }

    func connect() {
        Self.resolver.resolve(host, port: port, within: .seconds(5)) { [weak self] outcome in
            self?.connect(to: outcome)
        }
    }

    private func connect(to outcome: Resolver.Outcome) {
        guard !isEnded, let node else { return }
        guard case .success(let addresses) = outcome, let address = addresses.first else { return retry() }
        parser = RequestParser()
        stage = .waiting
        // From where the node listens, since the master tells sentinels that address.
        let source = node.address.family == address.family ? node.address.withPort(0) : nil
        let connection = Connection(connectingTo: address, from: source, delegate: self)
        self.connection = connection
        var handshake = Encoder()
        if let password = node.settings.masterPassword { handshake.command(["AUTH", password]) }
        handshake.command([Handshake.register, String(node.port)])
        connection.write(handshake.bytes)
    }

    /// Tries again after a pause that grows to a second.
    private func retry() {
        connection?.close()
        connection = nil
        stage = .idle
        if downSince == nil { downSince = MonotonicClock.now }
        let pause = pauseMilliseconds
        pauseMilliseconds = min(pause * 2, Self.longestPauseMilliseconds)
        DispatchQueue.main.asyncAfter(deadline: .now() + .milliseconds(pause)) { [weak self] in
            guard let self, !isEnded else { return }
            connect()
        }
    }

    func connectionDidConnect(_ connection: Connection) {}
    func connectionDidDrain(_ connection: Connection) {}
    func connectionDidClose(_ connection: Connection, reason: CloseReason) { retry() }

    func connection(_ connection: Connection, didReceive bytes: UnsafeRawBufferPointer) {
        parser.append(bytes)
        var isChanged = false
        while self.connection === connection {
            do {
                guard try parser.next(into: &request) else { break }
            } catch {
                return retry()
            }
            guard !request.isEmpty else { continue }
            guard receive(request) else { return retry() }
            isChanged = true
        }
        if isChanged, isUp { acknowledge() }
    }

    /// Takes one message of the master; false if it is none of this protocol, such as an error.
    private func receive(_ request: Request) -> Bool {
        switch stage {
        case .idle: return false
        case .waiting:
            if request.matches(0, "+ok") { return true }  // the answer to AUTH
            guard request.matches(0, Handshake.snapshot), request.count == 3,
                let offset = Int(strictDecimal: request[1]), let count = Int(strictDecimal: request[2]), count >= 0
            else { return false }
            advance(KeySpace(), missing: count, offset: offset)
        case .snapshot(var keys, let missing, let offset):
            guard request.matches(0, "set"), request.count == 3 else { return false }
            stage = .idle  // lets go of the other reference, so that the keys are changed in place
            var unread = Encoder()
            _ = keys.execute(request, into: &unread)
            advance(keys, missing: missing - 1, offset: offset)
        case .streaming:
            node?.apply(request)
        }
        return true
    }

    private func advance(_ keys: KeySpace, missing: Int, offset: Int) {
        guard missing == 0 else {
            stage = .snapshot(keys, missing: missing, offset: offset)
            return
        }
        stage = .streaming
        downSince = nil
        pauseMilliseconds = Self.firstPauseMilliseconds
        node?.adopt(keys, at: offset)
    }

    private func acknowledge() {
        guard let node else { return }
        var message = Encoder()
        message.command([Handshake.acknowledge, String(node.offset)])
        connection?.write(message.bytes)
    }
}
