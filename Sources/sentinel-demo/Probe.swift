// SPDX-License-Identifier: Apache-2.0

import EventLoop
import RESP

/// Asks a server the same questions again and again, and connects again when it has to.
final class Probe: ConnectionDelegate {
    private let address: SocketAddress
    private let questions: () -> [[String]]
    private let every: UInt64
    private let answered: ([Value]) -> Void
    private var connection: Connection?
    private var parser = ReplyParser()
    private var encoder = Encoder()
    private var owed = 0
    private var replies: [Value] = []
    private var timer: DeadlineTimer?

    /// - Parameters:
    ///   - every: Milliseconds from an answer to the next question, and from a failure to the next attempt.
    ///   - questions: Asked for before each round.
    ///   - answered: Gets the replies of a round.
    init(
        _ address: SocketAddress, every milliseconds: UInt64, questions: @escaping () -> [[String]],
        answered: @escaping ([Value]) -> Void
    ) {
        self.address = address
        self.questions = questions
        self.answered = answered
        every = milliseconds * 1_000_000
        timer = DeadlineTimer { [unowned self] in self.ask() }
        ask()
    }

    func stop() {
        timer?.cancel()
        connection?.close()
        connection = nil
    }

    private func ask() {
        guard let connection else {
            connection = Connection(connectingTo: address, delegate: self)
            return
        }
        let words = questions()
        owed = words.count
        replies = []
        guard owed > 0 else { return later() }
        for question in words { encoder.command(question) }
        connection.write(encoder.takeBytes())
    }

    private func later() { timer?.schedule(at: MonotonicClock.now + every) }

    private func fail() {
        connection?.close()
        connection = nil
        parser = ReplyParser()
        later()
    }

    func connectionDidConnect(_ connection: Connection) { ask() }
    func connectionDidClose(_ connection: Connection, reason: CloseReason) { fail() }
    func connectionDidDrain(_ connection: Connection) {}

    func connection(_ connection: Connection, didReceive bytes: UnsafeRawBufferPointer) {
        parser.append(bytes)
        do throws(ReplyError) {
            while let value = try parser.next() {
                replies.append(value)
                guard replies.count == owed else { continue }
                later()
                answered(replies)
            }
        } catch {
            fail()
        }
    }
}

/// Listens to all events of a sentinel.
final class EventListener: ConnectionDelegate {
    private let heard: (_ event: String, _ payload: String) -> Void
    private var connection: Connection?
    private var parser = ReplyParser()

    init(_ address: SocketAddress, heard: @escaping (_ event: String, _ payload: String) -> Void) {
        self.heard = heard
        connection = Connection(connectingTo: address, delegate: self)
    }

    func stop() {
        connection?.close()
        connection = nil
    }

    func connectionDidConnect(_ connection: Connection) {
        var encoder = Encoder()
        encoder.command(["PSUBSCRIBE", "*"])
        connection.write(encoder.takeBytes())
    }

    func connectionDidClose(_ connection: Connection, reason: CloseReason) { self.connection = nil }
    func connectionDidDrain(_ connection: Connection) {}

    func connection(_ connection: Connection, didReceive bytes: UnsafeRawBufferPointer) {
        parser.append(bytes)
        while let value = try? parser.next() {
            guard let parts = value.elements, parts.count == 4, let event = parts[2].text, let payload = parts[3].text
            else { continue }
            heard(event, payload)
        }
    }
}
