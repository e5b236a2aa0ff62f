// SPDX-License-Identifier: Apache-2.0

import Dispatch
import EventLoop
import RESP
import Testing

@testable import DataNode

/// All suites of the target, one test at a time: they share the main queue.
@Suite(.serialized, .timeLimit(.minutes(1)))
enum `Data node` {}

struct TimedOut: Error {}

/// Lets the main queue run until `condition` holds; fails after ten seconds.
func eventually(_ condition: () async throws -> Bool) async throws {
    let limit = MonotonicClock.now + 10_000_000_000
    while try await !condition() {
        guard MonotonicClock.now < limit else { throw TimedOut() }
        await withCheckedContinuation { continuation in
            DispatchQueue.main.asyncAfter(deadline: .now() + .milliseconds(2)) { continuation.resume() }
        }
    }
}

/// Starts nodes on free ports and ends them with the test.
final class Nodes {
    private var nodes: [DataNode] = []

    func start(replicaOf master: DataNode? = nil, _ settings: NodeSettings = NodeSettings()) throws -> DataNode {
        let address = try #require(SocketAddress(numericHost: "127.0.0.1", port: 0))
        let node = try DataNode(on: address, replicaOf: master.map { ("127.0.0.1", $0.port) }, settings: settings)
        nodes.append(node)
        return node
    }

    func close() {
        for node in nodes { node.close() }
    }
}

func withNodes(_ body: (Nodes) async throws -> Void) async throws {
    let nodes = Nodes()
    defer { nodes.close() }
    try await body(nodes)
}

/// A client that keeps all it was sent.
final class TestClient: ConnectionDelegate {
    private(set) var received: [Value] = []
    private(set) var isClosed = false
    private var parser = ReplyParser()
    private var connection: Connection?

    init(_ node: DataNode) { connection = Connection(connectingTo: node.address, delegate: self) }

    func send(_ line: String) { connection?.write(Array("\(line)\r\n".utf8)) }

    /// Sends a command and waits for the next message.
    func ask(_ line: String) async throws -> Value {
        send(line)
        return try await next()
    }

    func next() async throws -> Value {
        try await eventually { !received.isEmpty }
        return received.removeFirst()
    }

    func info(_ section: String = "") async throws -> [String] {
        let text = try #require(try await ask("INFO \(section)").text)
        return text.split(separator: "\r\n").map(String.init)
    }

    func close() { connection?.close() }

    func connectionDidConnect(_ connection: Connection) {}
    func connectionDidDrain(_ connection: Connection) {}
    func connectionDidClose(_ connection: Connection, reason: CloseReason) { isClosed = true }

    func connection(_ connection: Connection, didReceive bytes: UnsafeRawBufferPointer) {
        parser.append(bytes)
        do {
            while let value = try parser.next() { received.append(value) }
        } catch {
            Issue.record("the node broke the protocol: \(error)")
        }
    }
}

let ok = Value.simple("OK")
