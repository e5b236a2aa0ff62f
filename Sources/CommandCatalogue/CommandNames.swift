// SPDX-License-Identifier: Apache-2.0

/// What clients call the commands: what the catalogue does, unless the configuration gives a command another name or
/// takes it away. Subcommands keep theirs.
///
/// Rules of access, errors and what is told about a command go on naming it as the catalogue does.
/// - Source: spec/config-and-process.md 1; redis-sentinel 7.0.15 with `rename-command`.
package struct CommandNames: Sendable {
    /// The commands that can be called, in the order of the catalogue, without subcommands.
    package let commands: [CommandEntry]
    private let table: NameTable

    /// - Parameter renames: One after the other: a command by the name it has by then, and its new one, empty for
    ///   none. Those that name no command have no effect.
    package init(renaming renames: [(command: [UInt8], name: [UInt8])]) {
        var table = NameTable(Catalogue.commands)
        for (command, name) in renames {
            guard let entry = table[command[...]] else { continue }
            table[command[...]] = nil
            if !name.isEmpty { table[name[...]] = entry }
        }
        commands = table.entries.sorted { $0.id < $1.id }
        self.table = table
    }

    /// What a request asks for.
    package enum Resolution: Sendable, Hashable {
        /// The command, or the subcommand of a container; a container alone if nothing follows it.
        case found(CommandEntry)
        case unknownCommand
        case unknownSubcommand
    }

    /// Finds what is meant by the first two words of a request, in any mix of case.
    ///
    /// - Parameter second: `nil` when the request has one word.
    package func resolve(_ first: ArraySlice<UInt8>, _ second: ArraySlice<UInt8>?) -> Resolution {
        guard let command = table[first] else { return .unknownCommand }
        guard command.isContainer, let second else { return .found(command) }
        return Catalogue.subcommand(named: second, of: command).map { .found($0) } ?? .unknownSubcommand
    }

    /// The command or subcommand called `name`, such as `ping` or `client|kill`, in any mix of case.
    package func entry(called name: ArraySlice<UInt8>) -> CommandEntry? { Catalogue.entry(name) { table[$0] } }
}
