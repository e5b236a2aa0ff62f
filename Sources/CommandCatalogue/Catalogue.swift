// SPDX-License-Identifier: Apache-2.0

/// All commands and subcommands there are, each once; COMMAND, HELP, arity errors and ACL rules are derived from it.
///
/// The set is that of sentinel mode in Redis 7.2 and later, with Valkey's names that say primary, and QUIT and RESET.
///
/// - Source: spec/commands.md 1, checked against COMMAND INFO and DOCS of redis-sentinel 7.0.15 and 8.2.3.
package enum Catalogue {
    /// In the order of the table, a container's subcommands right behind it.
    package static let entries: [CommandEntry] = number(
        [
            (.connection, CommandRow.connection), (.connection, [.client]), (.server, CommandRow.server),
            (.server, [.acl, .command]), (.pubsub, CommandRow.pubsub), (.sentinel, [.sentinel]),
        ])

    /// Those that are not subcommands; as many as COMMAND COUNT says.
    package static let commands: [CommandEntry] = entries.filter { !$0.isSubcommand }

    /// The command called `name`, in any mix of case; subcommands aren't found.
    package static func command(named name: ArraySlice<UInt8>) -> CommandEntry? {
        commandsByName[name]
    }

    package static func subcommand(named name: ArraySlice<UInt8>, of container: CommandEntry) -> CommandEntry? {
        subcommandsByName[container.id][name]
    }

    private static let commandsByName = NameTable(commands)
    /// By the container's ID.
    private static let subcommandsByName = entries.map { NameTable($0.subcommands) }

    /// The command or subcommand called `name`, such as `ping` or `client|kill`, in any mix of case.
    package static func entry(fullName name: ArraySlice<UInt8>) -> CommandEntry? { entry(name, command(named:)) }

    /// The same where commands have the names that `command` knows.
    static func entry(
        _ name: ArraySlice<UInt8>, _ command: (ArraySlice<UInt8>) -> CommandEntry?
    ) -> CommandEntry? {
        guard let bar = name.firstIndex(of: UInt8(ascii: "|")) else { return command(name) }
        return command(name[..<bar]).flatMap { subcommand(named: name[(bar + 1)...], of: $0) }
    }

    package static func commands(in category: CommandCategory) -> [CommandEntry] {
        entries.filter { $0.categories.contains(category) }
    }

    /// Numbers the rows, containers before their subcommands.
    private static func number(_ families: [(group: CommandGroup, rows: [CommandRow])]) -> [CommandEntry] {
        var entries: [CommandEntry] = []
        for (group, rows) in families {
            for row in rows {
                entries.append(CommandEntry(row, id: entries.count, group: group, containerName: nil))
                let first = entries.count
                for subcommand in row.subcommands {
                    let twin = row.subcommands.firstIndex {
                        $0.name == subcommand.sameAs || $0.sameAs == subcommand.name
                    }
                    entries.append(
                        CommandEntry(
                            subcommand, id: entries.count, group: group, containerName: row.name,
                            twinPosition: twin.map { first + $0 }))
                }
            }
        }
        precondition(entries.count <= UInt128.bitWidth, "more commands than CommandSet has bits")
        return entries
    }
}
