// SPDX-License-Identifier: Apache-2.0

extension CommandRow {
    static let client = CommandRow(
        name: "client", arity: -2, since: "2.4.0", summary: "Holds the commands about connections.",
        subcommands: [
            own("caching", 3, "6.0.0", "(YES|NO)", "Tells whether the next request's keys are tracked."),
            own("getname", 2, "2.6.9", "", "Shows the connection's name."),
            own("getredir", 2, "6.0.0", "", "Shows which client gets this one's tracking messages, if any."),
            own("id", 2, "5.0.0", "", "Shows the connection's number."),
            own("info", 2, "6.2.0", "", "Describes this connection.", tips: Tips.changing),
            others(
                "kill", -3, "2.4.0", ["<ip:port>", "<option> <value> [<option> <value> [...]]"],
                "Closes connections; filters are ID, TYPE, USER, ADDR, LADDR, SKIPME and MAXAGE."),
            others(
                "list", -2, "2.4.0", ["[options ...]"],
                "Describes the connections, one a line; options are TYPE and ID.", tips: Tips.changing),
            others("no-evict", 3, "7.0.0", ["(ON|OFF)"], "Spares this connection when memory runs short."),
            others("pause", -3, "3.0.0", ["<timeout> [WRITE|ALL]"], "Holds back requests for some milliseconds."),
            own("reply", 3, "3.2.0", "(ON|OFF|SKIP)", "Turns replies on or off, or leaves out the next one."),
            own(
                "setinfo", 4, "7.2.0", "<option> <value>", "Notes the client library's LIB-NAME or LIB-VER.",
                tips: Tips.allNodes),
            own("setname", 3, "2.6.9", "<name>", "Names the connection.", tips: Tips.allNodes),
            own(
                "tracking", -3, "6.0.0",
                "(ON|OFF) [REDIRECT <id>] [BCAST] [PREFIX <prefix> [...]] [OPTIN] [OPTOUT] [NOLOOP]",
                "Turns messages about changed keys on or off."),
            own("trackinginfo", 2, "6.2.0", "", "Shows how tracking is set up."),
            others("unblock", -3, "5.0.0", ["<clientid> [TIMEOUT|ERROR]"], "Wakes a client that waits in a command."),
            others("unpause", 2, "6.2.0", [""], "Ends a pause before its time."),
            .help(since: "5.0.0", categories: [.connection]),
        ])

    /// About the connection it came on.
    private static func own(
        _ name: String, _ arity: Int, _ since: String, _ usage: String, _ summary: String, tips: [String] = []
    ) -> CommandRow {
        CommandRow(
            name: name, arity: arity, flags: .usual, categories: [.connection], tips: tips, since: since,
            summary: summary, usages: [usage])
    }

    /// About other connections too.
    private static func others(
        _ name: String, _ arity: Int, _ since: String, _ usages: [String], _ summary: String, tips: [String] = []
    ) -> CommandRow {
        CommandRow(
            name: name, arity: arity, flags: [.admin, .noScript, .loading, .stale], categories: [.connection],
            tips: tips, since: since, summary: summary, usages: usages)
    }
}
