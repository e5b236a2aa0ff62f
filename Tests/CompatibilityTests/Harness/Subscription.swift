// SPDX-License-Identifier: Apache-2.0

/// A connection that listens to a sentinel's events.
final class Subscription {
    struct Message: Equatable, CustomStringConvertible {
        let channel: String
        let payload: String
        var description: String { "\(channel) \(payload)" }
    }

    private let client: RedisClient
    private(set) var messages: [Message] = []

    /// Subscribes to `channels` (`SUBSCRIBE`) or `patterns` (`PSUBSCRIBE`).
    init(port: UInt16, channels: [String] = [], patterns: [String] = []) throws {
        client = try RedisClient(port: port)
        for (command, names) in [("SUBSCRIBE", channels), ("PSUBSCRIBE", patterns)] where !names.isEmpty {
            try client.send(command: [command] + names)
            for _ in names {
                let reply = try client.readReply()
                guard reply.items.first == .bulk(command.lowercased()) else {
                    throw NotReached(description: "\(command) answered \(reply)")
                }
            }
        }
    }

    /// Collects messages until one satisfies `isLast`, and returns all collected so far.
    @discardableResult
    func collect(within limit: Duration, until isLast: (Message) -> Bool) throws -> [Message] {
        let end = ContinuousClock.now + limit
        while true {
            let left = end - ContinuousClock.now
            guard left > .zero, let reply = try client.nextReply(within: left) else {
                throw NotReached(description: "event not published within \(limit); seen: \(messages)")
            }
            guard let message = Self.message(reply) else {
                throw NotReached(description: "not a message: \(reply)")
            }
            messages.append(message)
            if isLast(message) { return messages }
        }
    }

    private static func message(_ reply: Reply) -> Message? {
        let words = reply.items.compactMap(\.text)
        switch (words.first, words.count) {
        case ("message", 3): return Message(channel: words[1], payload: words[2])
        case ("pmessage", 4): return Message(channel: words[2], payload: words[3])
        default: return nil
        }
    }
}
