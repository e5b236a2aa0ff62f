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
        switch Catalogue.resolve(request[0], request.count > 1 ? request[1] : nil) {
        case .found(let found): entry = found
        case .unknownCommand: return port.refuse(client, unknownCommand(request))
        case .unknownSubcommand(let container):
            return port.refuse(
                client, "ERR unknown subcommand '\(cut(request, 1, 128))'. Try \(container.ownName.uppercased()) HELP.")
        }
        guard entry.accepts(count: request.count) else { return port.refuse(client, entry.wrongArity) }
        guard client.isAuthenticated || entry.isAlwaysAllowed else {
            return port.refuse(client, "NOAUTH Authentication required.")
        }
        guard port.access.allows(entry, request, client) else { return }
        guard !client.isSubscribed || client.encoder.version == .resp3 || forSubscribers.contains(entry.fullName) else {
            return port.refuse(
                client,
                "ERR Can't execute '\(entry.fullName)': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET "
                    + "are allowed in this context")
        }
        guard !port.isPaused(for: client, entry) else { return client.postpone() }
        client.lastCommand = entry
        port.counters.commands += 1
        handlers[entry.id]?(port, client, request)
    }

    /// What a RESP2 subscriber may send.
    private static let forSubscribers: Set = [
        "ping", "subscribe", "psubscribe", "unsubscribe", "punsubscribe", "quit", "reset",
    ]

    private static func handler(for name: String) -> Handler? {
        let families: [[String: Handler]] = [
            ConnectionCommands.handlers, ClientCommands.handlers, AccessCommands.handlers, CommandCommands.handlers,
            SubscriptionCommands.handlers, ServerCommands.handlers,
        ]
        if let handler = families.lazy.compactMap({ $0[name] }).first { return handler }
        guard let bar = name.firstIndex(of: "|") else { return nil }
        let (container, own) = (String(name[..<bar]), String(name[name.index(after: bar)...]))
        if own == "help" { return { _, client, _ in help(container, client) } }
        return container == "sentinel" ? SentinelCommands.handler(for: own) : nil
    }

    private static func help(_ container: String, _ client: Client) {
        guard let entry = Catalogue.entry(fullName: Array(container.utf8)[...]) else { return }
        let lines = Catalogue.help(for: entry)
        client.encoder.arrayHeader(lines.count)
        for line in lines { client.encoder.simple(line) }
    }

    static func cut(_ request: RESP.Request, _ index: Int, _ limit: Int) -> String {
        String(decoding: request[index].prefix(limit), as: UTF8.self)
    }

    private static func unknownCommand(_ request: RESP.Request) -> String {
        var arguments = ""
        for index in 1..<max(1, request.count) where arguments.utf8.count < 128 {
            arguments += "'\(cut(request, index, 128 - arguments.utf8.count))' "
        }
        return "ERR unknown command '\(cut(request, 0, 128))', with args beginning with: \(arguments)"
    }
}
