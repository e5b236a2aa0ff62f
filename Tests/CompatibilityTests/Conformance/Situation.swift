// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A sentinel in a conversation, with the connections to it and what stands for what in requests and replies.
final class Situation {
    private let server: SentinelServer
    private let speaks: Int
    /// What words in braces stand for, and back. The longest first, so that none is replaced within another.
    private let names: [(name: String, value: String)]
    private var clients: [String: RedisClient] = [:]
    private var clientIDs: [String: String] = [:]

    /// - Parameters:
    ///   - names: What is called differently in the two programs' worlds, such as ports and directories.
    ///   - speaks: The version of the protocol each connection begins with.
    init(_ server: SentinelServer, names: [String: String], speaks: Int) {
        self.server = server
        self.speaks = speaks
        self.names =
            (names.map { ($0.key, $0.value) }
            + [("own", "\(server.port)"), ("home", server.process.directory)])
            .sorted { ($0.value.utf8.count, $0.name) > ($1.value.utf8.count, $1.name) }
    }

    /// Connections whose end was seen.
    private(set) var ended: Set<String> = []

    /// Sends what an exchange says and returns the view of what comes back.
    func answers(to exchange: Conversation.Exchange) throws -> [Reply] {
        do {
            let client = try client(exchange.client)
            try send(exchange.message, to: client)
            if exchange.isSilent {
                return try client.nextReply(within: .milliseconds(50)).map { [exchange.view.of(masked($0))] } ?? []
            }
            if !exchange.awaited.isEmpty { return [exchange.view.of(masked(try awaitedReply(to: exchange, client)))] }
            let answers = try (0..<exchange.replies).map { _ in
                exchange.view.of(masked(try read(exchange, client)))
            }
            return exchange.isUnordered ? answers.sorted { $0.description < $1.description } : answers
        } catch RedisClient.Failure.closed {
            ended.insert(exchange.client)
            return Array(repeating: .error("<closed>"), count: exchange.replies)
        }
    }

    /// Sends a request again until its reply contains what is awaited.
    private func awaitedReply(to exchange: Conversation.Exchange, _ client: RedisClient) throws -> Reply {
        func isAwaited(_ reply: Reply) -> Bool {
            let text = reply.description.filter { $0 != " " }
            return exchange.awaited.allSatisfy { text.contains($0) }
        }
        return try eventually("\(exchange.text) is answered so", within: .seconds(10)) {
            let reply = try read(exchange, client)
            if !isAwaited(reply) { try send(exchange.message, to: client) }
            return reply
        } until: {
            isAwaited($0)
        }
    }

    /// The next reply, or what stands for the end of the connection.
    ///
    /// That there is none is an issue, be it so with both.
    private func read(_ exchange: Conversation.Exchange, _ client: RedisClient) throws -> Reply {
        do {
            // Long, for the other program saves before it answers, and a disk can be slow.
            return try client.readReply(within: .seconds(10))
        } catch RedisClient.Failure.closed {
            ended.insert(exchange.client)
            return .error("<closed>")
        } catch RedisClient.Failure.timeout {
            Issue.record("line \(exchange.lineNumber), RESP\(speaks): \(server.name) does not answer \(exchange.text)")
            return .error("<no reply>")
        }
    }

    private func send(_ message: Conversation.Exchange.Message, to client: RedisClient) throws {
        switch message {
        case .words(let words): try client.send(RedisClient.encode(try words.map { bytes(try expanded($0)) }))
        case .bytes(let text): try client.send(bytes(try expanded(text)))
        case .nothing: break
        }
    }

    /// What comes on a connection that nobody waits for; every conversation should end without.
    func leftovers() throws -> [String: Reply] {
        try clients.compactMapValues { client in
            do {
                return try client.nextReply(within: .milliseconds(1)).map(masked)
            } catch RedisClient.Failure.closed {
                return nil
            }
        }
    }

    private func client(_ name: String) throws -> RedisClient {
        if let client = clients[name] { return client }
        let client = try RedisClient(port: server.port)
        clients[name] = client
        // An error where there is a password: nobody asks for the ID there.
        if case .integer(let id) = try client.request("CLIENT", "ID") { clientIDs[name] = "\(id)" }
        if speaks == 3 { _ = try client.request("HELLO", "3") }
        return client
    }

    // MARK: Names

    /// The text with what stands in braces replaced.
    private func expanded(_ text: String) throws -> String {
        guard text.contains("{") else { return text }
        var result = ""
        var rest = text[...]
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            result += rest[..<open]
            result += try value(of: String(rest[rest.index(after: open)..<close]))
            rest = rest[rest.index(after: close)...]
        }
        return result + rest
    }

    private func value(of name: String) throws -> String {
        let parts = name.components(separatedBy: "*")
        if parts.count == 2, let count = Int(parts[0]) { return String(repeating: parts[1], count: count) }
        let words = name.components(separatedBy: ":")
        if words.count == 2 {
            let client = try client(words[1])
            switch words[0] {
            case "address": return client.localAddress
            case "client": return clientIDs[words[1]] ?? "?"
            default: break
            }
        }
        guard let value = names.first(where: { $0.name == name })?.value else { throw Unknown(name: name) }
        return value
    }

    struct Unknown: Error {
        let name: String
    }

    /// Bytes in place of the code points up to U+00FF.
    private func bytes(_ text: String) -> [UInt8] { text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) } }

    /// The reply with names in place of what they stand for here.
    private func masked(_ reply: Reply) -> Reply {
        switch reply {
        case .simple(let text): .simple(masked(text))
        case .error(let text): .error(masked(text))
        case .bulk(let text): .bulk(masked(text))
        case .verbatim(let text): .verbatim(masked(text))
        case .array(let items): .array(items.map(masked))
        case .map(let items): .map(items.map(masked))
        case .set(let items): .set(items.map(masked))
        case .push(let items): .push(items.map(masked))
        case .integer, .null, .nullArray, .nothing, .double, .boolean: reply
        }
    }

    private func masked(_ text: String) -> String {
        var text = text
        for (name, client) in clients {
            text = text.replacingOccurrences(of: client.localAddress, with: "{address:\(name)}")
        }
        for (name, value) in names { text = text.replacingOccurrences(of: value, with: "{\(name)}") }
        return text
    }
}
