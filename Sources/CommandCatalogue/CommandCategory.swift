// SPDX-License-Identifier: Apache-2.0

/// A group of commands that ACL rules name with `@`.
///
/// All of the original's exist, though most have no command in a sentinel: rules that name them must load. In the
/// order of ACL CAT.
///
/// - Source: spec/commands.md 1, 4.6; the order as redis-sentinel 7.0.15 and 8.2.3 answer ACL CAT.
package enum CommandCategory: String, CaseIterable, Sendable, Hashable {
    case keyspace, read, write, set, sortedset, list, hash, string, bitmap, hyperloglog, geo, stream, pubsub, admin
    case fast, slow, blocking, dangerous, connection, transaction, scripting

    package var name: String { rawValue }

    /// The category called `name` in any mix of case; `all` is none.
    package init?(named name: ArraySlice<UInt8>) {
        guard let match = Self.allCases.first(where: { name.spells($0.rawValue) }) else { return nil }
        self = match
    }

    /// What the flags of a command imply.
    static func implied(by flags: CommandFlags) -> [CommandCategory] {
        var implied: [CommandCategory] = [flags.contains(.fast) ? .fast : .slow]
        if flags.contains(.pubsub) { implied.append(.pubsub) }
        if flags.contains(.admin) { implied += [.admin, .dangerous] }
        return implied
    }
}
