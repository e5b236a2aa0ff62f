// SPDX-License-Identifier: Apache-2.0

/// What a command needs or may do, as the third field of COMMAND INFO shows it.
///
/// - Source: spec/commands.md 1.
package struct CommandFlags: OptionSet, Sendable, Hashable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let admin = CommandFlags(rawValue: 1 << 0)
    package static let pubsub = CommandFlags(rawValue: 1 << 1)
    package static let noScript = CommandFlags(rawValue: 1 << 2)
    package static let loading = CommandFlags(rawValue: 1 << 3)
    package static let stale = CommandFlags(rawValue: 1 << 4)
    package static let fast = CommandFlags(rawValue: 1 << 5)
    /// May be sent before authenticating, and by any user whatever its rules say.
    package static let noAuth = CommandFlags(rawValue: 1 << 6)
    package static let noMulti = CommandFlags(rawValue: 1 << 7)
    package static let allowBusy = CommandFlags(rawValue: 1 << 8)

    /// What most commands that only look have in common.
    static let usual: CommandFlags = [.noScript, .loading, .stale]

    /// By bit, in the order COMMAND INFO lists them.
    private static let allNames = [
        "admin", "pubsub", "noscript", "loading", "stale", "fast", "no_auth", "no_multi", "allow_busy",
    ]

    /// The flags' names, in the order COMMAND INFO lists them.
    package var names: [String] {
        Self.allNames.enumerated().compactMap { bit, name in rawValue & 1 << bit == 0 ? nil : name }
    }
}
