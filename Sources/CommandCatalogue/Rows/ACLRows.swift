// SPDX-License-Identifier: Apache-2.0

extension CommandRow {
    static let acl = CommandRow(
        name: "acl", arity: -2, since: "6.0.0", summary: "Holds the commands about users and what they may do.",
        subcommands: [
            open("cat", -2, "[<category>]", "Names the categories of commands, or the commands of one."),
            guarded("deluser", -3, "<username> [<username> ...]", "Deletes users.", tips: Tips.allNodes),
            guarded(
                "dryrun", -4, "<username> <command> [<arg> ...]",
                "Tells whether a user could run a command, without running it.", since: "7.0.0"),
            open("genpass", -2, "[<bits>]", "Makes up a password of 256 bits, or as many as asked for."),
            guarded("getuser", 3, "<username>", "Shows what is known of a user."),
            guarded("list", 2, "", "Shows all users as the lines of an ACL file."),
            guarded("load", 2, "", "Reads the ACL file anew, all of it or, on any error, nothing."),
            guarded("log", -2, "[<count> | RESET]", "Shows what was refused of late, or forgets it."),
            guarded("save", 2, "", "Writes all users to the ACL file.", tips: Tips.allNodes),
            guarded(
                "setuser", -3, "<username> <attribute> [<attribute> ...]",
                "Makes a user or changes one, by all of the attributes or by none.", tips: Tips.allNodes),
            guarded("users", 2, "", "Names all users."),
            open("whoami", 2, "", "Names the user of this connection."),
            .help(since: "6.0.0"),
        ])

    private static func open(_ name: String, _ arity: Int, _ usage: String, _ summary: String) -> CommandRow {
        CommandRow(name: name, arity: arity, flags: .usual, since: "6.0.0", summary: summary, usages: [usage])
    }

    private static func guarded(
        _ name: String, _ arity: Int, _ usage: String, _ summary: String, since: String = "6.0.0", tips: [String] = []
    ) -> CommandRow {
        CommandRow(
            name: name, arity: arity, flags: [.admin, .noScript, .loading, .stale], tips: tips, since: since,
            summary: summary, usages: [usage])
    }
}
