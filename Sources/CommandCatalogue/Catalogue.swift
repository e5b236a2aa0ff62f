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

    /// What a request asks for.
    package enum Resolution: Sendable, Hashable {
        /// The command, or the subcommand of a container; a container alone if nothing follows it.
        case found(CommandEntry)
        case unknownCommand
        case unknownSubcommand(of: CommandEntry)
    }

    /// Finds what is meant by the first two words of a request, in any mix of case.
    ///
    /// - Parameter second: `nil` when the request has one word.
    package static func resolve(_ first: ArraySlice<UInt8>, _ second: ArraySlice<UInt8>?) -> Resolution {
        guard let command = command(named: first) else { return .unknownCommand }
        guard command.isContainer, let second else { return .found(command) }
        guard let subcommand = subcommand(named: second, of: command) else { return .unknownSubcommand(of: command) }
        return .found(subcommand)
    }

    /// The command called `name`, in any mix of case; subcommands aren't found.
    package static func command(named name: ArraySlice<UInt8>) -> CommandEntry? {
        find(name, in: commandsByLength)
    }

    package static func subcommand(named name: ArraySlice<UInt8>, of container: CommandEntry) -> CommandEntry? {
        find(name, in: subcommandsByLength[container.id])
    }

    /// Names differ in length more often than not, so that few are compared.
    private static let commandsByLength = byLength(commands[...])
    /// By the container's ID.
    private static let subcommandsByLength = entries.map { byLength($0.subcommands) }

    /// The entries at the index that is their own name's length.
    private static func byLength(_ entries: ArraySlice<CommandEntry>) -> [[(name: [UInt8], entry: CommandEntry)]] {
        var result: [[(name: [UInt8], entry: CommandEntry)]] = []
        for entry in entries {
            let name = Array(entry.ownName.utf8)
            while result.count <= name.count { result.append([]) }
            result[name.count].append((name, entry))
        }
        return result
    }

    private static func find(
        _ name: ArraySlice<UInt8>, in table: [[(name: [UInt8], entry: CommandEntry)]]
    ) -> CommandEntry? {
        guard name.count < table.count else { return nil }
        for candidate in table[name.count] where name.spells(candidate.name) { return candidate.entry }
        return nil
    }

    /// The command or subcommand called `name`, such as `ping` or `client|kill`, in any mix of case.
    package static func entry(fullName name: ArraySlice<UInt8>) -> CommandEntry? {
        guard let bar = name.firstIndex(of: UInt8(ascii: "|")) else { return command(named: name) }
        return command(named: name[..<bar]).flatMap { subcommand(named: name[(bar + 1)...], of: $0) }
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
                for subcommand in row.subcommands {
                    entries.append(
                        CommandEntry(subcommand, id: entries.count, group: group, containerName: row.name))
                }
            }
        }
        precondition(entries.count <= UInt128.bitWidth, "more commands than CommandSet has bits")
        return entries
    }
}
