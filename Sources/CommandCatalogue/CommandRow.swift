// SPDX-License-Identifier: Apache-2.0

/// Where COMMAND DOCS files a command.
package enum CommandGroup: String, Sendable {
    case connection, pubsub, sentinel, server
}

/// Tells that a command is old, for COMMAND DOCS.
package struct Deprecation: Sendable, Hashable {
    package let since: String
    package let replacement: String
}

/// A line of the table as it is written down, before it is numbered; only what nothing else implies.
struct CommandRow {
    let name: String
    /// Words of the whole request, the container's name among them: exactly this many, or at least `-arity`.
    let arity: Int
    var flags: CommandFlags = []
    /// Those that the flags don't imply.
    var categories: [CommandCategory] = []
    var tips: [String] = []
    let since: String
    /// One sentence, for COMMAND DOCS and HELP.
    let summary: String
    /// What follows the name in HELP; several for a subcommand with several forms, `nil` to leave it out.
    var usages: [String]? = [""]
    var channels = ChannelArguments.none
    var deprecation: Deprecation?
    /// The subcommand beside this one that is the same thing by another name; said of one of the two.
    var sameAs: String?
    var subcommands: [CommandRow] = []

    /// The subcommand every container has.
    static func help(since: String, categories: [CommandCategory] = []) -> CommandRow {
        CommandRow(
            name: "help", arity: 2, flags: [.loading, .stale], categories: categories, since: since,
            summary: "Print this help.")
    }
}

/// Tips that several rows share.
///
/// - Source: spec/commands.md 1.
enum Tips {
    static let allNodes = ["request_policy:all_nodes", "response_policy:all_succeeded"]
    static let allShards = ["request_policy:all_shards", "response_policy:all_succeeded"]
    static let information = [
        "nondeterministic_output", "request_policy:all_shards", "response_policy:special",
    ]
    static let changing = ["nondeterministic_output"]
    static let changingOrder = ["nondeterministic_output_order"]
}
