// SPDX-License-Identifier: Apache-2.0

import EventLoop
import RESP

/// A client of one server: sends commands, connecting whenever it has to.
final class RedisLink: ConnectionDelegate {
    let address: SocketAddress
    /// What comes in unasked, such as published messages.
    private let news: ([Value]) -> Void
    private var connection: Connection?
    private var parser = ReplyParser()
    /// Who waits for a reply, in the order of the commands.
    private var waiting: [(Value?) -> Void] = []

    init(_ address: SocketAddress, news: @escaping ([Value]) -> Void = { _ in }) {
        self.address = address
        self.news = news
    }

    var isConnected: Bool { connection?.isOpen ?? false }

    /// Sends a command; `reply` gets `nil` if the connection fails or ends before the answer.
    func send(_ words: [String], _ reply: @escaping (Value?) -> Void) {
        waiting.append(reply)
        write(words)
    }

    /// Sends SUBSCRIBE or PSUBSCRIBE, whose answers are news like all that follows.
    func subscribe(_ words: [String]) { write(words) }

    func close() {
        connection?.close()
        connection = nil
        failWaiting()
    }

    private func write(_ words: [String]) {
        let connection = connection ?? Connection(connectingTo: address, delegate: self)
        self.connection = connection
        var request = Encoder()
        request.command(words)
        connection.write(request.bytes)
    }

    private func failWaiting() {
        parser = ReplyParser()
        let failed = waiting
        waiting = []
        for reply in failed { reply(nil) }
    }

    func connectionDidConnect(_ connection: Connection) {}
    func connectionDidDrain(_ connection: Connection) {}

    func connectionDidClose(_ connection: Connection, reason: CloseReason) {
        self.connection = nil
        failWaiting()
    }

    func connection(_ connection: Connection, didReceive bytes: UnsafeRawBufferPointer) {
        parser.append(bytes)
        do {
            while self.connection === connection, let value = try parser.next() {
                if waiting.isEmpty { news(value.elements ?? []) } else { waiting.removeFirst()(value) }
            }
        } catch {
            close()
        }
    }
}
