// SPDX-License-Identifier: Apache-2.0

import EventLoop
import RESP
import SentinelCore
import SentinelWire

/// What an instance's connection tells.
protocol InstanceConnectionOwner: AnyObject {
    func receive(_ input: Input)
    func connectionEnded(_ connection: InstanceConnection, reason: String)
}

/// A connection to a data node or another sentinel: requests out, replies paired with them and understood.
final class InstanceConnection: ConnectionDelegate {
    let id: ConnectionID
    let address: SocketAddress
    private let channel: Channel
    private let diagnosis: SecurityDiagnosis
    private unowned let owner: any InstanceConnectionOwner
    private var connection: Connection?
    private var parser = ReplyParser(limits: InstanceConnection.limits)
    /// Used by all connections in turn: what is written goes on to the connection at once.
    private static var encoder = Encoder()
    /// What replies are owed for, oldest first; those before `answered` are done with.
    private var owed: [(kind: RequestKind, replies: Int)] = []
    private var answered = 0
    private var hasHeard = false

    /// Far more than an INFO with ten thousand replicas; whoever is at a watched address may send anything.
    private static let longestReply = 8 << 20
    private static var limits: ReplyLimits {
        var limits = ReplyLimits()
        limits.maxBulkLength = longestReply
        limits.maxElements = 1 << 16
        return limits
    }

    /// Begins to connect; a failure is told later.
    init(
        _ id: ConnectionID, _ channel: Channel, to address: SocketAddress, from source: SocketAddress?,
        options: ConnectionOptions, security: (any StreamSecurity)?, diagnosis: SecurityDiagnosis,
        owner: any InstanceConnectionOwner
    ) {
        self.id = id
        self.address = address
        self.diagnosis = diagnosis
        self.channel = channel
        self.owner = owner
        connection = Connection(
            connectingTo: address, from: source, options: options, security: security, delegate: self)
    }

    /// Whether the other end has taken the connection and owes its part of a TLS handshake.
    var awaitsHandshake: Bool { connection?.awaitsHandshake ?? false }

    func send(_ request: SentinelCore.Request, renamed: [RenamedCommand]) {
        let outgoing = OutgoingRequest(request, renamed: renamed, into: &Self.encoder)
        if channel == .command { owed.append((outgoing.kind, outgoing.replies)) }
        connection?.write(Self.encoder.bytes)
        Self.encoder.removeAll()
    }

    /// What was asked in the same turn still leaves: an order may end with the reason for the link that it is given
    /// over.
    func close() {
        connection?.closeAfterSending()
        connection = nil
    }

    // MARK: ConnectionDelegate

    func connectionDidConnect(_ connection: Connection) {
        owner.receive(.connected(id, localHost: connection.localAddress?.host ?? ""))
    }

    func connection(_ connection: Connection, didReceive bytes: UnsafeRawBufferPointer) {
        if !hasHeard {
            hasHeard = true
            diagnosis.heard(bytes, from: address)
        }
        parser.append(bytes)
        do throws(ReplyError) {
            while self.connection != nil, let value = try parser.next() { take(value) }
        } catch {
            close()
            return owner.connectionEnded(self, reason: "protocol error: \(error)")
        }
        guard self.connection != nil, parser.bufferedBytes > Self.longestReply else { return }
        close()
        owner.connectionEnded(self, reason: "a reply of more than \(Self.longestReply) bytes")
    }

    func connectionDidClose(_ connection: Connection, reason: CloseReason) {
        self.connection = nil
        diagnosis.linkEnded(to: address, reason, hasHeard: hasHeard)
        owner.connectionEnded(self, reason: reason.description)
    }

    func connectionDidDrain(_ connection: Connection) {}

    // MARK: Replies

    private func take(_ value: Value) {
        switch channel {
        case .command:
            if case .push(let parts) = value { takePush(value, parts) } else { takeReply(value) }
        case .hello: if let parts = value.elements { takeMessage(parts) }
        }
    }

    /// A push is never a reply, but for the one that confirms a subscription.
    private func takePush(_ value: Value, _ parts: [Value]) {
        let confirms = parts.first?.bytes?.elementsEqual("subscribe".utf8) ?? false
        if confirms, answered < owed.count, owed[answered].kind == .subscribe { return takeReply(value) }
        takeMessage(parts)
    }

    private func takeReply(_ value: Value) {
        guard answered < owed.count else {
            // Nobody asked: whatever is at the other end, it does not speak our protocol.
            owner.receive(.reply(id, .malformed(to: .other)))
            close()
            return owner.connectionEnded(self, reason: "a reply that nobody asked for")
        }
        owed[answered].replies -= 1
        guard owed[answered].replies == 0 else { return }
        let kind = owed[answered].kind
        answered += 1
        if answered == owed.count {
            owed.removeAll(keepingCapacity: true)
            answered = 0
        } else if answered > 512 {
            owed.removeFirst(answered)
            answered = 0
        }
        owner.receive(.reply(id, Reply(value, to: kind)))
    }

    private func takeMessage(_ parts: [Value]) {
        guard let kind = parts.first?.bytes else { return }
        guard kind.elementsEqual("message".utf8), parts.count == 3 else { return owner.receive(.heard(id)) }
        guard let channel = parts[1].bytes, channel.elementsEqual(Hello.channel.utf8), let text = parts[2].bytes,
            let hello = Hello(text: text)
        else { return owner.receive(.malformedHello(on: id)) }
        owner.receive(.hello(hello, on: id))
    }
}
