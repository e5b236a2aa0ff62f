// SPDX-License-Identifier: Apache-2.0

extension CommandRow {
    /// COMMAND, which means something without a subcommand too.
    static let command = CommandRow(
        name: "command", arity: -1, flags: [.loading, .stale], categories: [.connection], tips: Tips.changingOrder,
        since: "2.8.13", summary: "Describes every command.",
        subcommands: [
            about("count", 2, "2.8.13", "", "Counts the commands, without their subcommands."),
            about("docs", -2, "7.0.0", "[<command-name> ...]", "Explains the named commands, or all.", lists: true),
            about("getkeys", -3, "2.8.13", "<full-command>", "Picks out the keys of a request; none has any here."),
            about(
                "getkeysandflags", -3, "7.0.0", "<full-command>",
                "Picks out the keys of a request, with what is done to them; none has any here."),
            about("info", -2, "2.8.13", "[<command-name> ...]", "Describes the named commands, or all.", lists: true),
            about(
                "list", -2, "7.0.0", "",
                "Names all commands and subcommands, or those that FILTERBY picks.", lists: true),
            .help(since: "5.0.0", categories: [.connection]),
        ])

    private static func about(
        _ name: String, _ arity: Int, _ since: String, _ usage: String, _ summary: String, lists: Bool = false
    ) -> CommandRow {
        CommandRow(
            name: name, arity: arity, flags: [.loading, .stale], categories: [.connection],
            tips: lists ? Tips.changingOrder : [], since: since, summary: summary, usages: [usage])
    }
}
