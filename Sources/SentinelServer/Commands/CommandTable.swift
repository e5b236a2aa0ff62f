// SPDX-License-Identifier: Apache-2.0

import CommandCatalogue
import EventLoop
import RESP
import SentinelCore
import SentinelWire

/// What each command of the catalogue does; who may send it and how, the catalogue and the access control know.
enum CommandTable {
    typealias Handler = @MainActor (ClientPort, Client, RESP.Request) -> Void

    /// By position in the catalogue; containers have none.
    static let handlers: [Handler?] = Catalogue.entries.map { handler(for: $0.fullName) }

    /// Runs a request, or refuses it, in the order the original checks.
    ///
    /// - Source: spec/commands.md 2.
    static func run(_ request: RESP.Request, _ port: ClientPort, _ client: Client) {
        let entry: CommandEntry
        switch port.commandNames.resolve(request[0], request.count > 1 ? request[1] : nil) {
        case .found(let found): entry = found
        case .unknownCommand:
            client.lastCommand = nil
            return port.refuse(client, unknownCommand(request))
        case .unknownSubcommand:
            client.lastCommand = nil
            return port.refuse(
                client, "ERR unknown subcommand '\(request[1], limit: 128)'. Try \(shouted(request[0])) HELP.")
        }
        client.lastCommand = entry
        guard entry.accepts(count: request.count) else { return port.refuse(client, ErrorText(entry.wrongArity)) }
        guard client.isAuthenticated || entry.isAlwaysAllowed else {
            return port.refuse(client, "NOAUTH Authentication required.")
        }
        guard port.access.allows(entry, request, client) else { return }
        guard !client.isSubscribed || client.encoder.version == .resp3 || forSubscribers.contains(entry.fullName) else {
            return port.refuse(
                client,
                """
                ERR Can't execute '\(entry.fullName)': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are \
                allowed in this context
                """)
        }
        guard !port.isPaused(for: client, entry) else { return client.postpone() }
        port.traffic.commands.add(1, at: client.usedAt)
        handlers[entry.id]?(port, client, request)
    }

    /// What a RESP2 subscriber may send.
    private static let forSubscribers: Set = [
        "ping", "subscribe", "psubscribe", "unsubscribe", "punsubscribe", "quit", "reset",
    ]

    /// The handlers by full name, in the families they are written down in; HELP has no need of one.
    static let families: [[String: Handler]] = [
        ConnectionCommands.handlers, ClientCommands.handlers, AccessCommands.handlers, CommandCommands.handlers,
        SubscriptionCommands.handlers, ServerCommands.handlers, SentinelCommands.handlers,
    ]

    private static func handler(for name: String) -> Handler? {
        if let handler = families.lazy.compactMap({ $0[name] }).first { return handler }
        guard let bar = name.firstIndex(of: "|"), name[bar...] == "|help" else { return nil }
        let container = String(name[..<bar])
        return { _, client, request in help(container, request, client) }
    }

    private static func help(_ container: String, _ request: RESP.Request, _ client: Client) {
        guard let entry = Catalogue.entry(fullName: Array(container.utf8)[...]) else { return }
        let lines = Catalogue.help(for: entry, called: String(decoding: shouted(request[0]), as: UTF8.self))
        client.encoder.arrayHeader(lines.count)
        for line in lines { client.encoder.simple(line) }
    }

    private static func unknownCommand(_ request: RESP.Request) -> ErrorText {
        var arguments: [UInt8] = []
        for index in 1..<max(1, request.count) where arguments.count < 128 {
            let argument: ErrorText = "'\(request[index], limit: 128 - arguments.count)' "
            arguments += argument.bytes
        }
        return "ERR unknown command '\(request[0], limit: 128)', with args beginning with: \(arguments)"
    }

    /// The error of a subcommand that is right by its name and its number of words, and still in none of its forms.
    ///
    /// - Source: spec/commands.md 2.
    static func noSuchForm(_ request: RESP.Request) -> ErrorText {
        """
        ERR unknown subcommand or wrong number of arguments for '\(request[1], limit: 128)'. Try \(shouted(request[0])) \
        HELP.
        """
    }

    /// A command's name as the client has it, in upper case.
    private static func shouted(_ name: ArraySlice<UInt8>) -> [UInt8] {
        name.map { $0 >= UInt8(ascii: "a") && $0 <= UInt8(ascii: "z") ? $0 & ~0x20 : $0 }
    }
}
