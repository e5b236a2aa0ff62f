// SPDX-License-Identifier: Apache-2.0

/// A command or subcommand: one line of the table, numbered.
///
/// A class, so that finding one hands over a reference and copies nothing; it never changes.
package final class CommandEntry: Sendable, Identifiable {
    /// The position in `Catalogue.entries`.
    package let id: Int
    /// In lower case, a subcommand with its container: `client|kill`.
    package let fullName: String
    /// In lower case, a subcommand without its container: `kill`.
    package let ownName: String
    package let isSubcommand: Bool
    /// Words of the whole request: exactly this many, or at least `-arity`.
    package let arity: Int
    package let flags: CommandFlags
    /// In the order of ACL CAT.
    package let categories: [CommandCategory]
    package let tips: [String]
    package let since: String
    package let group: CommandGroup
    /// One sentence about what it does.
    package let summary: String
    package let channels: ChannelArguments
    package let deprecation: Deprecation?
    /// Where its subcommands stand in `Catalogue.entries`; empty unless it is a container.
    package let subcommandPositions: Range<Int>
    let usages: [String]?
    /// Where the same thing by another name stands in `Catalogue.entries`.
    private let twinPosition: Int?

    init(_ row: CommandRow, id: Int, group: CommandGroup, containerName: String?, twinPosition: Int? = nil) {
        self.id = id
        ownName = row.name
        fullName = containerName.map { "\($0)|\(row.name)" } ?? row.name
        isSubcommand = containerName != nil
        arity = row.arity
        flags = row.flags
        let categories = CommandCategory.implied(by: row.flags) + row.categories
        self.categories = CommandCategory.allCases.filter(categories.contains)
        tips = row.tips
        since = row.since
        self.group = group
        summary = row.summary
        channels = row.channels
        deprecation = row.deprecation
        subcommandPositions = id + 1..<id + 1 + row.subcommands.count
        usages = row.usages
        self.twinPosition = twinPosition
    }

    package var isContainer: Bool { !subcommandPositions.isEmpty }
    package var subcommands: ArraySlice<CommandEntry> { Catalogue.entries[subcommandPositions] }
    /// The same thing by another name, so that what is allowed of the one is allowed of the other.
    package var twin: CommandEntry? { twinPosition.map { Catalogue.entries[$0] } }

    /// Whether a request of `count` words, the name's own among them, has the right length.
    ///
    /// A container without a subcommand is refused by this alone, unless it means something by itself.
    package func accepts(count: Int) -> Bool { arity >= 0 ? count == arity : count >= -arity }

    /// The error when it doesn't, with its code.
    ///
    /// - Source: spec/commands.md 2.
    package var wrongArity: String { "ERR wrong number of arguments for '\(fullName)' command" }

    /// May be sent before authenticating, and by any user whatever its rules say.
    package var isAlwaysAllowed: Bool { flags.contains(.noAuth) }
}

extension CommandEntry: Hashable {
    package static func == (left: CommandEntry, right: CommandEntry) -> Bool { left.id == right.id }
    package func hash(into hasher: inout Hasher) { hasher.combine(id) }
}

extension CommandEntry: CustomStringConvertible {
    package var description: String { fullName }
}
