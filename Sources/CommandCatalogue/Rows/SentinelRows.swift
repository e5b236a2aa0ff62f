// SPDX-License-Identifier: Apache-2.0

extension CommandRow {
    /// SENTINEL, in the order of the original's HELP; Valkey's names for the same and the old `slaves` are not in HELP.
    static let sentinel = CommandRow(
        name: "sentinel", arity: -2, flags: .admin, since: "2.8.4", summary: "Holds the commands of Sentinel.",
        subcommands: [
            row("ckquorum", 3, "<master-name>", "Tells whether quorum and majority could be reached now."),
            CommandRow(
                name: "config", arity: -4, flags: .admin, since: "6.2.0",
                summary: "Changes or shows settings that are not those of one master.",
                usages: ["SET param value [param value ...]", "GET <param> [param param param ...]"]),
            row(
                "debug", -2, "[<param> <value> ...]",
                "Shows the periods of the algorithm in milliseconds, or sets some.",
                since: "7.0.0"),
            row("get-master-addr-by-name", 3, "<master-name>", "Tells the host and port of the current master."),
            row(
                "get-primary-addr-by-name", 3, "Tells the host and port of the current master.",
                sameAs: "get-master-addr-by-name"),
            row("failover", 3, "<master-name>", "Replaces the master without asking the other sentinels."),
            row("flushconfig", 2, "", "Writes the configuration file anew."),
            row(
                "info-cache", -3, "<master-name>", "Shows the last INFO of masters and replicas.",
                since: "3.2.0"),
            row("is-master-down-by-addr", 6, "<ip> <port> <current-epoch> <runid>", askedByPeers),
            row("is-primary-down-by-addr", 6, askedByPeers, sameAs: "is-master-down-by-addr"),
            row("master", 3, "<master-name>", "Shows what is known of a master."),
            row("masters", 2, "", "Shows what is known of all masters."),
            row("primary", 3, "Shows what is known of a master.", sameAs: "master"),
            row("primaries", 2, "Shows what is known of all masters.", sameAs: "masters"),
            row("monitor", 6, "<name> <ip> <port> <quorum>", "Begins to watch a master."),
            row("myid", 2, "", "Shows this sentinel's ID.", since: "6.2.0"),
            row("pending-scripts", 2, "", "Shows the scripts that run or wait."),
            row("remove", 3, "<master-name>", "Stops watching a master and forgets it."),
            row("replicas", 3, "<master-name>", "Shows what is known of a master's replicas.", since: "5.0.0"),
            row("slaves", 3, nil, "Shows what is known of a master's replicas.", since: "2.8.0", isOld: true),
            row("reset", 3, "<pattern>", "Learns anew all that was learned about the masters that match."),
            row("sentinels", 3, "<master-name>", "Shows what is known of a master's other sentinels."),
            row("set", -5, "<master-name> <option> <value> [<option> <value> ...]", "Changes settings of a master."),
            row(
                "simulate-failure", -3, "[CRASH-AFTER-ELECTION] [CRASH-AFTER-PROMOTION] [HELP]",
                "Makes this sentinel crash at a point of its next failover, for tests.", since: "3.2.0"),
            .help(since: "6.2.0"),
        ])

    private static let askedByPeers = "Tells another sentinel whether this one holds a master down, and votes."

    private static func row(
        _ name: String, _ arity: Int, _ usage: String?, _ summary: String, since: String = "2.8.4", isOld: Bool = false
    ) -> CommandRow {
        CommandRow(
            name: name, arity: arity, flags: .admin, since: since, summary: summary, usages: usage.map { [$0] },
            deprecation: isOld ? Deprecation(since: "5.0.0", replacement: "`SENTINEL REPLICAS`") : nil)
    }

    /// One of Valkey's names that say primary.
    private static func row(_ name: String, _ arity: Int, _ summary: String, sameAs other: String) -> CommandRow {
        CommandRow(
            name: name, arity: arity, flags: .admin, since: "8.1.0", summary: summary, usages: nil, sameAs: other)
    }
}
