// SPDX-License-Identifier: Apache-2.0

import ClusterProcesses
import EventLoop
import RESP

/// Events per second that reach every one of many subscribers.
///
/// The events come from SENTINEL SET with many options at once: each gives one `+set`, and all of them one write of the
/// configuration file, so that the disk does not matter.
final class PubSubScenario {
    private static let optionsPerCommand = 500
    private static let commands = 20

    private let benchmark: Benchmark
    private var rate: Measure
    private var cost: Measure

    init(_ benchmark: Benchmark) {
        self.benchmark = benchmark
        rate = Measure("events to \(benchmark.options.subscribers) subscribers", "events/s")
        cost = Measure("one event to one subscriber", "µs CPU")
    }

    func run() async throws(BenchmarkError) -> Report {
        try await benchmark.interleaved { (_, subject) async throws(BenchmarkError) in
            try await benchmark.withSentinel(subject, groups: 1) { (sentinel) async throws(BenchmarkError) in
                try await measure(sentinel)
            }
        }
        var report = Report()
        report.title = "Events to \(benchmark.options.subscribers) subscribers of every event"
        report.measures = [rate, cost]
        return report
    }

    private func measure(_ sentinel: SentinelProcess) async throws(BenchmarkError) {
        let count = benchmark.options.subscribers
        var confirmed = 0
        var received = 0
        var subscribers: [EventCounter] = []
        for _ in 0..<count {
            subscribers.append(EventCounter(sentinel.address, confirmed: { confirmed += 1 }, heard: { received += $0 }))
        }
        try await wait(for: "\(count) subscriptions", seconds: 20) { confirmed == count }
        let options = (0..<Self.optionsPerCommand).flatMap { _ in ["quorum", "1"] }
        let expected = Self.optionsPerCommand * Self.commands * count
        let (start, cpu) = (MonotonicClock.now, sentinel.cpuNanoseconds)
        for _ in 0..<Self.commands {
            sentinel.link.send(["SENTINEL", "SET", "group-0"] + options) { _ in }
        }
        try await wait(for: "\(expected) events", seconds: 60, everyMilliseconds: 1) { received >= expected }
        let seconds = Double(MonotonicClock.now - start) / 1e9
        let spent = Double(sentinel.cpuNanoseconds - cpu)
        rate.add(Double(Self.optionsPerCommand * Self.commands) / seconds, of: sentinel.subject)
        cost.add(spent / 1e3 / Double(expected), of: sentinel.subject)
        for subscriber in subscribers { subscriber.close() }
    }
}

/// A subscriber that counts messages by the `pmessage` in each, without parsing the rest.
private final class EventCounter: ConnectionDelegate {
    private static let mark = Array("$8\r\npmessage\r\n".utf8)

    private var connection: Connection?
    private let confirmed: () -> Void
    private let heard: (Int) -> Void
    private var isConfirmed = false
    /// How much of the mark the bytes so far end with.
    private var matched = 0

    init(_ address: SocketAddress, confirmed: @escaping () -> Void, heard: @escaping (Int) -> Void) {
        self.confirmed = confirmed
        self.heard = heard
        var encoder = Encoder()
        encoder.command(["PSUBSCRIBE", "*"])
        let connection = Connection(connectingTo: address, delegate: self)
        connection.write(encoder.bytes)
        self.connection = connection
    }

    func close() { connection?.close() }

    func connectionDidConnect(_ connection: Connection) {}
    func connectionDidDrain(_ connection: Connection) {}
    func connectionDidClose(_ connection: Connection, reason: CloseReason) {}

    func connection(_ connection: Connection, didReceive bytes: UnsafeRawBufferPointer) {
        if !isConfirmed {
            isConfirmed = true
            confirmed()
        }
        var found = 0
        for byte in bytes {
            // The mark's first byte occurs in it only once, so after a mismatch only that byte can begin a new one.
            matched = byte == Self.mark[matched] ? matched + 1 : byte == Self.mark[0] ? 1 : 0
            if matched == Self.mark.count {
                found += 1
                matched = 0
            }
        }
        if found > 0 { heard(found) }
    }
}
