// SPDX-License-Identifier: Apache-2.0

// A handshake costs about a millisecond of arithmetic, so a burst of them must not hold up what is open already: they
// wait in a line of their own and are served in slices, between which the main queue handles everything else. Outgoing
// ones, which this process wants, go first, but for one in four: there may be no end of them while a certificate is
// wrong. All have the same time limit, so those begun first also run out first.

import Dispatch

/// The handshakes under way on one poller.
final class Handshakes {
    nonisolated static let limitSeconds = 10
    /// Changed by tests alone, before anything begins.
    var limitNanoseconds = UInt64(limitSeconds) * 1_000_000_000
    private static let sliceNanoseconds: UInt64 = 4_000_000

    private struct Entry {
        let connection: Connection
        let deadline: UInt64
    }

    /// Connections one behind the other; none is held on to once it was served.
    private struct Line {
        private var connections: [Connection?] = []
        private var served = 0

        var isEmpty: Bool { served == connections.count }
        mutating func append(_ connection: Connection) { connections.append(connection) }

        mutating func takeFirst() -> Connection? {
            guard served < connections.count else { return nil }
            let first = connections[served]
            connections[served] = nil
            served += 1
            if served == connections.count || served >= 256 && 2 * served >= connections.count {
                connections.removeFirst(served)
                served = 0
            }
            return first
        }
    }

    /// By number; the numbers grow, and with them the deadlines.
    private var entries: [UInt64: Entry] = [:]
    private var begun: UInt64 = 0
    /// No entry has a smaller number.
    private var oldest: UInt64 = 1
    private var outgoing = Line()
    private var incoming = Line()
    private var served = 0
    private var isScheduled = false
    private var timer: DeadlineTimer?

    var count: Int { entries.count }

    /// Starts the clock for a connection; returns the number by which `end` stops it.
    func begin(_ connection: Connection) -> UInt64 {
        begun += 1
        let deadline = MonotonicClock.now + limitNanoseconds
        entries[begun] = Entry(connection: connection, deadline: deadline)
        if entries.count == 1 { schedule() }
        return begun
    }

    func end(_ number: UInt64) { entries[number] = nil }

    /// Has the handshake of `connection` go on when its turn comes; it waits only once.
    func queue(_ connection: Connection, isOutgoing: Bool) {
        if isOutgoing { outgoing.append(connection) } else { incoming.append(connection) }
        guard !isScheduled else { return }
        isScheduled = true
        DispatchQueue.main.async { self.serve() }
    }

    /// Serves for the length of a slice, one handshake at least; what is left comes after what else is waiting.
    private func serve() {
        let end = MonotonicClock.now + Self.sliceNanoseconds
        while let connection = takeNext() {
            connection.continueHandshake()
            if MonotonicClock.now >= end { break }
        }
        isScheduled = !outgoing.isEmpty || !incoming.isEmpty
        if isScheduled { DispatchQueue.main.async { self.serve() } }
    }

    private func takeNext() -> Connection? {
        served &+= 1
        return served.isMultiple(of: 4)
            ? incoming.takeFirst() ?? outgoing.takeFirst() : outgoing.takeFirst() ?? incoming.takeFirst()
    }

    private func schedule() {
        while oldest <= begun, entries[oldest] == nil { oldest += 1 }
        timer = timer ?? DeadlineTimer { [unowned self] in self.expire() }
        timer?.schedule(at: entries[oldest]?.deadline)
    }

    private func expire() {
        let now = MonotonicClock.now
        while oldest <= begun, entries[oldest].map({ $0.deadline <= now }) ?? true {
            let entry = entries.removeValue(forKey: oldest)
            oldest += 1
            entry?.connection.handshakeFailed(.timedOut)
        }
        schedule()
    }
}
