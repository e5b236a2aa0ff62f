// SPDX-License-Identifier: Apache-2.0

extension CommandRow {
    private static let open: CommandFlags = [.noScript, .loading, .stale, .fast, .noAuth, .allowBusy]

    /// Commands about the connection itself; CLIENT has a file of its own.
    ///
    /// QUIT and RESET are not in the original's sentinel mode; their facts are those of its ordinary mode.
    static let connection = [
        CommandRow(
            name: "ping", arity: -1, flags: .fast, categories: [.connection], tips: Tips.allShards, since: "1.0.0",
            summary: "Answers PONG, or the message that came with it."),
        CommandRow(
            name: "auth", arity: -2, flags: open, categories: [.connection], since: "1.0.0",
            summary: "Proves who the client is, by a password and perhaps a user's name."),
        CommandRow(
            name: "hello", arity: -1, flags: open, categories: [.connection], since: "6.0.0",
            summary: "Greets the server, picks the protocol's version and may authenticate at once."),
        CommandRow(
            name: "quit", arity: -1, flags: open, categories: [.connection], since: "1.0.0",
            summary: "Ends the connection after the replies already due.",
            deprecation: Deprecation(since: "7.2.0", replacement: "just closing the connection")),
        CommandRow(
            name: "reset", arity: 1, flags: open, categories: [.connection], since: "6.2.0",
            summary: "Puts the connection back into the state of a new one."),
    ]
}
