// SPDX-License-Identifier: Apache-2.0

extension CommandRow {
    private static let listening: CommandFlags = [.pubsub, .noScript, .loading, .stale]

    static let pubsub = [
        CommandRow(
            name: "subscribe", arity: -2, flags: listening, since: "2.0.0",
            summary: "Listens to the named channels.", channels: .channels(from: 1)),
        CommandRow(
            name: "psubscribe", arity: -2, flags: listening, since: "2.0.0",
            summary: "Listens to all channels whose names fit a pattern.", channels: .patterns(from: 1)),
        CommandRow(
            name: "unsubscribe", arity: -1, flags: listening, since: "2.0.0",
            summary: "Stops listening to the named channels, or to all."),
        CommandRow(
            name: "punsubscribe", arity: -1, flags: listening, since: "2.0.0",
            summary: "Stops listening to the named patterns, or to all."),
        CommandRow(
            name: "publish", arity: 3, flags: [.pubsub, .loading, .stale, .fast], since: "2.0.0",
            summary: "Hands a sentinel's hello to this one; other messages are refused.", channels: .channel(at: 1)),
    ]
}
