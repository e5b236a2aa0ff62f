// SPDX-License-Identifier: Apache-2.0

import ClusterProcesses
import EventLoop
import RESP

/// Clients that send one request over and over, so many before they wait for the replies.
///
/// The replies are counted by their bytes, so that as little CPU as possible goes into it: the request has to be one
/// whose reply is the same each time.
final class LoadGenerator: ConnectionDelegate {
    private struct Client {
        let connection: Connection
        /// Bytes of replies still to come for what was sent.
        var owedBytes: Int
    }

    private let address: SocketAddress
    private let makeSecurity: () -> (any StreamSecurity)?
    private let batch: [UInt8]
    private let batchReplyBytes: Int
    private let pipeline: Int
    private var clients: [ObjectIdentifier: Client] = [:]
    private var isRunning = false
    /// Requests that were answered.
    private(set) var answered = 0
    private var connected = 0
    private var lost = 0

    /// - Parameter replyBytes: The length of each reply.
    /// - Parameter security: Makes that of each connection; `nil` from it for plain ones.
    init(
        _ address: SocketAddress, security: @escaping () -> (any StreamSecurity)? = { nil }, request: [String],
        replyBytes: Int, pipeline: Int
    ) {
        self.address = address
        makeSecurity = security
        self.pipeline = pipeline
        var encoder = Encoder()
        for _ in 0..<pipeline { encoder.command(request) }
        batch = encoder.bytes
        batchReplyBytes = replyBytes * pipeline
    }

    /// Connects so many clients, a few at a time.
    func connect(_ count: Int) async throws(BenchmarkError) {
        while clients.count < count {
            for _ in 0..<min(100, count - clients.count) {
                let connection = Connection(connectingTo: address, security: makeSecurity(), delegate: self)
                clients[ObjectIdentifier(connection)] = Client(connection: connection, owedBytes: 0)
            }
            try await wait(for: "\(count) connections", seconds: 30, everyMilliseconds: 2) {
                connected >= clients.count || lost > 0
            }
            guard lost == 0 else { throw .unexpected("\(address) does not take \(count) connections") }
        }
    }

    /// Has all clients send, until `stop()`.
    func start() {
        isRunning = true
        for key in Array(clients.keys) { send(key) }
    }

    /// Sends nothing new; returns when all replies are here.
    func stop() async throws(BenchmarkError) {
        isRunning = false
        try await wait(for: "the last replies", seconds: 30, everyMilliseconds: 2) {
            clients.values.allSatisfy { $0.owedBytes == 0 }
        }
        guard lost == 0 else { throw .unexpected("\(lost) connections were closed under load") }
    }

    func close() {
        for client in clients.values { client.connection.close() }
        clients = [:]
    }

    private func send(_ key: ObjectIdentifier) {
        clients[key]?.owedBytes = batchReplyBytes
        clients[key]?.connection.write(batch)
    }

    func connectionDidConnect(_ connection: Connection) { connected += 1 }
    func connectionDidDrain(_ connection: Connection) {}

    func connectionDidClose(_ connection: Connection, reason: CloseReason) {
        lost += 1
        clients[ObjectIdentifier(connection)] = nil
    }

    func connection(_ connection: Connection, didReceive bytes: UnsafeRawBufferPointer) {
        let key = ObjectIdentifier(connection)
        guard let index = clients.index(forKey: key) else { return }
        clients.values[index].owedBytes -= bytes.count
        guard clients.values[index].owedBytes <= 0 else { return }
        answered += pipeline
        if isRunning {
            clients.values[index].owedBytes = batchReplyBytes
            connection.write(batch)
        }
    }
}

extension LoadGenerator {
    /// Puts load on a sentinel for a while.
    ///
    /// - Returns: Requests answered per second, and the microseconds of CPU each took.
    func measure(
        _ sentinel: SentinelProcess, seconds: Int
    ) async throws(BenchmarkError) -> (rate: Double, cost: Double) {
        start()
        await pause(milliseconds: 300)
        let (start, cpu, before) = (MonotonicClock.now, sentinel.cpuNanoseconds, answered)
        await pause(milliseconds: seconds * 1000)
        let requests = Double(answered - before)
        let elapsed = Double(MonotonicClock.now - start) / 1e9
        let spent = Double(sentinel.cpuNanoseconds - cpu)
        try await stop()
        guard requests > 0 else { throw .unexpected("nothing was answered") }
        return (requests / elapsed, spent / 1e3 / requests)
    }
}

extension RedisLink {
    /// How many bytes the reply to a request has.
    func replyLength(_ request: [String]) async throws(BenchmarkError) -> Int {
        guard let reply = await ask(request) else {
            throw .unexpected("\(request.joined(separator: " ")) is not answered")
        }
        guard reply.errorText == nil else {
            throw .unexpected("\(request.joined(separator: " ")): \(reply.errorText ?? "")")
        }
        var encoder = Encoder()
        encoder.value(reply)
        return encoder.bytes.count
    }
}
