// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import Testing

@testable import EventLoop

/// All suites of the target, one test at a time: they share the process's descriptors, signals and main queue.
@Suite(.serialized, .timeLimit(.minutes(1)))
enum `Event loop` {}

struct TimedOut: Error {}

/// Lets the main queue run until `condition` holds; fails after ten seconds.
func eventually(_ condition: () -> Bool) async throws {
    let limit = MonotonicClock.now + 10_000_000_000
    while !condition() {
        guard MonotonicClock.now < limit else { throw TimedOut() }
        await turns(1)
    }
}

/// Lets the main queue run for that many milliseconds or turns, whichever is longer.
func turns(_ count: Int) async {
    for _ in 0..<count {
        await withCheckedContinuation { continuation in
            DispatchQueue.main.asyncAfter(deadline: .now() + .milliseconds(1)) { continuation.resume() }
        }
    }
}

/// What the process's descriptors lead to, by number.
func openDescriptors() -> [String: String] {
    var result: [String: String] = [:]
    for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? [] {
        result[name] = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(name)")
    }
    return result
}

/// A new directory for one test, removed at its end.
func withTemporaryDirectory(_ body: (String) async throws -> Void) async throws {
    let path = NSTemporaryDirectory() + "event-loop-tests-\(getpid())-\(MonotonicClock.now)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    try await body(path)
}

/// A delegate that remembers what it was told, and does what the test wants done then.
final class Recorder: ConnectionDelegate {
    var received: [UInt8] = []
    var chunks = 0
    var connects = 0
    var drains = 0
    var closes: [CloseReason] = []
    var onConnect: (Connection) -> Void = { _ in }
    var onReceive: (Connection, UnsafeRawBufferPointer) -> Void = { _, _ in }
    var onDrain: (Connection) -> Void = { _ in }
    var onClose: (Connection) -> Void = { _ in }

    func connectionDidConnect(_ connection: Connection) {
        connects += 1
        onConnect(connection)
    }

    func connection(_ connection: Connection, didReceive bytes: UnsafeRawBufferPointer) {
        received.append(contentsOf: bytes)
        chunks += 1
        onReceive(connection, bytes)
    }

    func connectionDidClose(_ connection: Connection, reason: CloseReason) {
        closes.append(reason)
        onClose(connection)
    }

    func connectionDidDrain(_ connection: Connection) {
        drains += 1
        onDrain(connection)
    }
}

/// A listener whose connections share one recorder.
final class TestServer {
    let recorder = Recorder()
    private(set) var connections: [Connection] = []
    private(set) var listener: Listener?

    init(_ address: SocketAddress? = SocketAddress(numericHost: "127.0.0.1", port: 0)) throws {
        let address = try #require(address)
        listener = try Listener(on: address) { [unowned self] connection in
            connection.delegate = recorder
            connections.append(connection)
        }
    }

    var address: SocketAddress {
        get throws { try #require(listener).localAddress }
    }

    func close() {
        listener?.close()
        for connection in connections { connection.close() }
        connections = []
    }
}

/// A connected pair: a server's end and a client's, both established.
func withPair(
    _ body: (_ client: Connection, _ clientEnd: Recorder, _ server: Connection, _ serverEnd: Recorder) async throws ->
        Void
) async throws {
    let server = try TestServer()
    defer { server.close() }
    let recorder = Recorder()
    let client = Connection(connectingTo: try server.address, delegate: recorder)
    defer { client.close() }
    try await eventually { recorder.connects == 1 && server.connections.count == 1 }
    try await body(client, recorder, server.connections[0], server.recorder)
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// `count` bytes in which a lost, doubled or displaced part shows.
func pattern(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 ^ $0 >> 8 ^ $0 >> 16) } }

func contents(_ path: String) throws -> [UInt8] { try FileReplacement.readFile(path) }

func attributes(_ path: String) throws -> FileAttributes? { try System.attributes(path) }

func linkTarget(_ path: String) throws -> String? { try System.linkTarget(path) }

func replaceFile(_ path: String, _ contents: [UInt8], mode: UInt16 = 0o644) throws -> FileReplacement.Method {
    try FileReplacement.replace(path: path, contents: contents, mode: mode)
}
