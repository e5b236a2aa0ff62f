// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import Synchronization

/// A server that says what a test wants it to say, byte by byte, and keeps what it was asked.
///
/// Unless the test's script has something else, it answers as a healthy master without replicas.
final class ScriptedServer: Sendable {
    /// A command as it came, and the number of its connection, counted from 0.
    struct Request: Sendable, Equatable {
        let words: [String]
        let connection: Int
        var name: String { words[0].uppercased() }
    }

    enum Answer: Sendable {
        case bytes(String)
        case nothing
        case close
    }

    typealias Script = @Sendable (Request) -> Answer?

    private struct State {
        var script: Script
        var info: [String]
        var requests: [Request] = []
        var connections = 0
        var isEnded = false
    }

    let port: UInt16
    private let state: Mutex<State>

    /// - Parameter script: What is answered; `nil` for the usual.
    init(_ script: @escaping Script = { _ in nil }) {
        let id = String((0..<40).map { _ in "0123456789abcdef".randomElement()! })
        state = Mutex(State(script: script, info: ["run_id:\(id)", "role:master"]))
        let listener = loopbackSocket()
        var on: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        var port: UInt16
        repeat { port = LoopbackPort.free() } while withLoopbackAddress(port, { bind(listener, $0, $1) }) != 0
        self.port = port
        precondition(listen(listener, 16) == 0, "cannot listen: errno \(errno)")
        DispatchQueue(label: "scripted-\(port)").async { self.acceptAll(listener) }
    }

    /// Everything it was asked so far.
    var requests: [Request] { state.withLock { $0.requests } }
    /// How many connections were made to it so far.
    var connections: Int { state.withLock { $0.connections } }
    /// The lines of INFO.
    var info: [String] {
        get { state.withLock { $0.info } }
        set { state.withLock { $0.info = newValue } }
    }

    func follow(_ script: @escaping Script) { state.withLock { $0.script = script } }

    /// Closes all connections and listens no more.
    func end() { state.withLock { $0.isEnded = true } }

    /// The commands of one connection.
    func commands(of connection: Int) -> [[String]] {
        requests.filter { $0.connection == connection }.map(\.words)
    }

    private var isEnded: Bool { state.withLock { $0.isEnded } }

    private func acceptAll(_ listener: Int32) {
        defer { close(listener) }
        while !isEnded {
            guard Self.isReadable(listener) else { continue }
            let descriptor = accept(listener, nil, nil)
            guard descriptor >= 0 else { continue }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            let number = state.withLock { state in
                defer { state.connections += 1 }
                return state.connections
            }
            DispatchQueue(label: "scripted-\(port)-\(number)").async { self.serve(descriptor, number) }
        }
    }

    private func serve(_ descriptor: Int32, _ number: Int) {
        defer { close(descriptor) }
        var decoder = ReplyDecoder()
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while !isEnded {
            guard Self.isReadable(descriptor) else { continue }
            let count = recv(descriptor, &chunk, chunk.count, 0)
            guard count > 0 else { return }
            decoder.append(chunk[..<count])
            while let command = try? decoder.next() {
                let request = Request(words: command.items.map { $0.text ?? "" }, connection: number)
                guard !request.words.isEmpty else { continue }
                let script = state.withLock { state in
                    state.requests.append(request)
                    return state.script
                }
                switch script(request) ?? usual(request) {
                case .nothing: break
                case .close: return
                case .bytes(let text): guard Self.send(text, to: descriptor) else { return }
                }
            }
        }
    }

    private func usual(_ request: Request) -> Answer {
        switch request.name {
        case "PING": .bytes("+PONG\r\n")
        case "PUBLISH": .bytes(":1\r\n")
        case "INFO": .bytes(Self.bulk(info.joined(separator: "\r\n") + "\r\n"))
        case "SUBSCRIBE": .bytes("*3\r\n$9\r\nsubscribe\r\n$18\r\n__sentinel__:hello\r\n:1\r\n")
        case "EXEC": .bytes("*4\r\n+OK\r\n+OK\r\n:0\r\n:0\r\n")
        default: .bytes("+OK\r\n")
        }
    }

    static func bulk(_ text: String) -> String { "$\(text.utf8.count)\r\n\(text)\r\n" }

    /// A hello as a subscriber gets it.
    static func message(_ payload: String) -> String {
        "*3\r\n" + bulk("message") + bulk("__sentinel__:hello") + bulk(payload)
    }

    /// Waits a moment for input, or for the end of the other side.
    private static func isReadable(_ descriptor: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, 20) > 0
    }

    private static func send(_ text: String, to descriptor: Int32) -> Bool {
        #if os(Linux)
            let flags = Int32(MSG_NOSIGNAL)
        #else
            let flags: Int32 = 0
        #endif
        let bytes = Array(text.utf8)
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { Foundation.send(descriptor, $0.baseAddress, $0.count, flags) }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }
}
