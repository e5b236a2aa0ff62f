// SPDX-License-Identifier: Apache-2.0

import CommandCatalogue
import RESP

/// COMMAND.
///
/// - Source: spec/commands.md 4.5.
enum CommandCommands {
    static let handlers: [String: CommandTable.Handler] = [
        "command": { port, client, _ in info(client, port.commandNames.commands) },
        "command|count": { port, client, _ in client.encoder.integer(port.commandNames.commands.count) },
        "command|info": { port, client, request in
            let names = port.commandNames
            guard request.count > 2 else { return info(client, names.commands) }
            info(client, (2..<request.count).map { names.entry(called: request[$0]) })
        },
        "command|list": list,
        "command|docs": { port, client, request in
            let names = port.commandNames
            let named = (2..<request.count).compactMap { names.entry(called: request[$0]) }
            docs(client, request.count > 2 ? named : names.commands)
        },
        "command|getkeys": keys,
        "command|getkeysandflags": keys,
    ]

    private static func info(_ client: Client, _ entries: [CommandEntry?]) {
        client.encoder.arrayHeader(entries.count)
        for entry in entries {
            if let entry { describe(client, entry) } else { client.encoder.null() }
        }
    }

    private static func describe(_ client: Client, _ entry: CommandEntry) {
        client.encoder.arrayHeader(10)
        client.encoder.bulk(entry.fullName)
        client.encoder.integer(entry.arity)
        simples(client, entry.flags.names)
        for _ in 0..<3 { client.encoder.integer(0) }
        simples(client, entry.categories.map { "@\($0.name)" })
        client.encoder.setHeader(entry.tips.count)
        for tip in entry.tips { client.encoder.bulk(tip) }
        // No command has a key.
        client.encoder.setHeader(0)
        // Without any the original says so with a set, else with an array.
        if entry.isContainer {
            client.encoder.arrayHeader(entry.subcommands.count)
        } else {
            client.encoder.setHeader(0)
        }
        for subcommand in entry.subcommands { describe(client, subcommand) }
    }

    private static func simples(_ client: Client, _ names: [String]) {
        client.encoder.setHeader(names.count)
        for name in names { client.encoder.simple(name) }
    }

    private static func docs(_ client: Client, _ entries: [CommandEntry]) {
        client.encoder.mapHeader(entries.count)
        for entry in entries {
            client.encoder.bulk(entry.fullName)
            client.encoder.mapHeader(3 + (entry.deprecation == nil ? 0 : 3) + (entry.isContainer ? 1 : 0))
            bulks(client, [("summary", entry.summary), ("since", entry.since), ("group", entry.group.rawValue)])
            if let deprecation = entry.deprecation {
                client.encoder.bulk("doc_flags")
                simples(client, ["deprecated"])
                bulks(client, [("deprecated_since", deprecation.since), ("replaced_by", deprecation.replacement)])
            }
            guard entry.isContainer else { continue }
            client.encoder.bulk("subcommands")
            docs(client, Array(entry.subcommands))
        }
    }

    private static func bulks(_ client: Client, _ pairs: [(String, String)]) {
        for (key, value) in pairs {
            client.encoder.bulk(key)
            client.encoder.bulk(value)
        }
    }

    private static func list(_ port: ClientPort, _ client: Client, _ request: RESP.Request) {
        let entries = port.commandNames.commands.flatMap { [$0] + $0.subcommands }
        var names = entries.map(\.fullName)
        if request.count > 2 {
            guard request.count == 5, request.matches(2, "filterby") else {
                return port.refuse(client, "ERR syntax error")
            }
            if request.matches(3, "module") {
                names = []
            } else if request.matches(3, "aclcat") {
                let category = CommandCategory(named: request[4])
                names = entries.filter { entry in category.map(entry.categories.contains) ?? false }.map(\.fullName)
            } else if request.matches(3, "pattern") {
                names = names.filter { Glob.matches(pattern: request[4], text: Array($0.utf8), ignoringCase: true) }
            } else {
                return port.refuse(client, "ERR syntax error")
            }
        }
        client.encoder.arrayHeader(names.count)
        for name in names { client.encoder.bulk(name) }
    }

    private static func keys(_ port: ClientPort, _ client: Client, _ request: RESP.Request) {
        guard case .found = port.commandNames.resolve(request[2], request.count > 3 ? request[3] : nil) else {
            return port.refuse(client, "ERR Invalid command specified")
        }
        port.refuse(client, "ERR The command has no key arguments")
    }
}
