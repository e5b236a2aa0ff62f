// SPDX-License-Identifier: Apache-2.0

package import EventLoop
package import RESP

/// A client of one server: sends commands, connecting whenever it has to.
package final class RedisLink: ConnectionDelegate {
    package let address: SocketAddress
    /// What comes in unasked, such as published messages.
    private let news: ([Value]) -> Void
    /// Makes the security of each connection; `nil` from it for a plain one.
    private let makeSecurity: () -> (any StreamSecurity)?
    private var connection: Connection?
    private var parser = ReplyParser()
    /// Who waits for a reply, in the order of the commands; those before `answered` have theirs.
    private var waiting: [(Value?) -> Void] = []
    private var answered = 0

    package init(
        _ address: SocketAddress, security: @escaping () -> (any StreamSecurity)? = { nil },
        news: @escaping ([Value]) -> Void = { _ in }
    ) {
        self.address = address
        makeSecurity = security
        self.news = news
    }

    package var isConnected: Bool { connection?.isOpen ?? false }

    /// Sends a command; `reply` gets `nil` if the connection fails or ends before the answer.
    package func send(_ words: [String], _ reply: @escaping (Value?) -> Void) {
        waiting.append(reply)
        write(words)
    }

    /// Sends SUBSCRIBE or PSUBSCRIBE, whose answers are news like all that follows.
    package func subscribe(_ words: [String]) { write(words) }

    package func close() {
        connection?.close()
        connection = nil
        failWaiting()
    }

    private func write(_ words: [String]) {
        let connection = connection ?? Connection(connectingTo: address, security: makeSecurity(), delegate: self)
        self.connection = connection
        var request = Encoder()
        request.command(words)
        connection.write(request.bytes)
    }

    private func failWaiting() {
        parser = ReplyParser()
        let failed = waiting[answered...]
        waiting = []
        answered = 0
        for reply in failed { reply(nil) }
    }

    package func connectionDidConnect(_ connection: Connection) {}
    package func connectionDidDrain(_ connection: Connection) {}

    package func connectionDidClose(_ connection: Connection, reason: CloseReason) {
        self.connection = nil
        failWaiting()
    }

    package func connection(_ connection: Connection, didReceive bytes: UnsafeRawBufferPointer) {
        parser.append(bytes)
        do {
            while self.connection === connection, let value = try parser.next() {
                take(value)
            }
        } catch {
            close()
        }
    }

    private func take(_ value: Value) {
        guard answered < waiting.count else { return news(value.elements ?? []) }
        let reply = waiting[answered]
        answered += 1
        if answered == waiting.count {
            waiting.removeAll(keepingCapacity: true)
            answered = 0
        }
        reply(value)
    }
}
