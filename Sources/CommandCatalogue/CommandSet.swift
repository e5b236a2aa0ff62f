// SPDX-License-Identifier: Apache-2.0

/// A set of commands and subcommands, one bit each.
package struct CommandSet: Sendable, Hashable {
    private var bits: UInt128

    private init(bits: UInt128) { self.bits = bits }

    package init() { bits = 0 }

    package init(_ commands: some Sequence<CommandEntry>) {
        bits = commands.reduce(0) { $0 | 1 << UInt128($1.id) }
    }

    /// Every command there is.
    package static let all = CommandSet(bits: .max)

    package var isEmpty: Bool { bits == 0 }

    package func contains(_ command: CommandEntry) -> Bool { bits & 1 << UInt128(command.id) != 0 }

    package mutating func formUnion(_ other: CommandSet) { bits |= other.bits }
    package mutating func subtract(_ other: CommandSet) { bits &= ~other.bits }
}
