// SPDX-License-Identifier: Apache-2.0

package import RESP
package import SentinelCore

/// What reading a request needs to know besides the request.
package struct CommandContext {
    package let masterNames: [MasterName]
    package let timing: Timing
    package let deniesScriptReconfiguration: Bool
    /// Whether a file can be run as a script.
    package let isExecutable: (String) -> Bool

    package init(
        masterNames: [MasterName], timing: Timing, deniesScriptReconfiguration: Bool,
        isExecutable: @escaping (String) -> Bool
    ) {
        self.masterNames = masterNames
        self.timing = timing
        self.deniesScriptReconfiguration = deniesScriptReconfiguration
        self.isExecutable = isExecutable
    }
}

/// A request, understood or not.
package enum ParsedCommand {
    case command(Command)
    /// With its code, without the `-`.
    case refused(String)
    /// Answered by the words alone.
    case lines([String])
}

/// One row of the table of SENTINEL's subcommands.
///
/// - Source: spec/commands.md 1, 6.
package struct SentinelSubcommand: Sendable {
    package let name: String
    /// Words of the whole request: exactly this many, or at least `-arity`.
    package let arity: Int
    /// The words after the name, and what it does; for HELP.
    package let usage: String
    package let help: String
    package let parse: @Sendable (RESP.Request, CommandContext) -> ParsedCommand

    package func accepts(count: Int) -> Bool { arity >= 0 ? count == arity : count >= -arity }

    package static func named(_ request: RESP.Request) -> SentinelSubcommand? {
        table.first { request.matches(1, $0.name) }
    }

    /// In the order HELP lists them.
    package static let table: [SentinelSubcommand] = [
        row("ckquorum", 3, "<master-name>", "Tell whether quorum and majority can be reached now.") { request, _ in
            .command(.checkQuorum(name(request)))
        },
        row("debug", -2, "[<param> <value> ...]", "Show or change the periods of the algorithm, in milliseconds.") {
            DebugArguments.parse($0, $1.timing)
        },
        row("get-master-addr-by-name", 3, "<master-name>", "Tell the host and port of the current master.") {
            request, _ in .command(.masterAddress(name(request)))
        },
        row("get-primary-addr-by-name", 3, "<master-name>", "The same, under Valkey's name.") { request, _ in
            .command(.masterAddress(name(request)))
        },
        row("failover", 3, "<master-name>", "Replace the master without asking the other sentinels.") { request, _ in
            .command(.failover(name(request)))
        },
        row("flushconfig", 2, "", "Write the configuration file anew.") { _, _ in .command(.flushConfiguration) },
        row("info-cache", -3, "<master-name> [<master-name> ...]", "Show the last INFO of masters and replicas.") {
            request, _ in .command(.infoCache((2..<request.count).map { MasterName(request.text($0)) }))
        },
        row(
            "is-master-down-by-addr", 6, "<ip> <port> <current-epoch> <runid>",
            "Tell a sentinel whether this one holds a master down, and vote."
        ) { request, _ in masterDown(request) },
        row("is-primary-down-by-addr", 6, "<ip> <port> <current-epoch> <runid>", "The same, under Valkey's name.") {
            request, _ in masterDown(request)
        },
        row("master", 3, "<master-name>", "Show a master.") { request, _ in .command(.master(name(request))) },
        row("primary", 3, "<master-name>", "The same, under Valkey's name.") { request, _ in
            .command(.master(name(request)))
        },
        row("masters", 2, "", "Show all masters.") { _, _ in .command(.masters) },
        row("primaries", 2, "", "The same, under Valkey's name.") { _, _ in .command(.masters) },
        row("monitor", 6, "<name> <ip> <port> <quorum>", "Watch a master from now on.") { request, _ in
            monitor(request)
        },
        row("myid", 2, "", "Tell this sentinel's identity.") { _, _ in .command(.myID) },
        row("pending-scripts", 2, "", "Show the scripts that run or wait.") { _, _ in .command(.pendingScripts) },
        row("remove", 3, "<master-name>", "Stop watching a master.") { request, _ in .command(.remove(name(request))) },
        row("replicas", 3, "<master-name>", "Show the replicas of a master.") { request, _ in
            .command(.replicas(name(request)))
        },
        row("reset", 3, "<pattern>", "Forget replicas, sentinels and state of the masters whose name matches.") {
            request, context in
            let names = context.masterNames.filter { Glob.matches(pattern: request[2], text: Array($0.text.utf8)) }
            return .command(.reset(names))
        },
        row("sentinels", 3, "<master-name>", "Show the other sentinels of a master.") { request, _ in
            .command(.peers(name(request)))
        },
        row("set", -5, "<master-name> <option> <value> [<option> <value> ...]", "Change what a master is watched by.") {
            SetArguments.parse($0, $1)
        },
        row(
            "simulate-failure", -3, "[CRASH-AFTER-ELECTION] [CRASH-AFTER-PROMOTION] [HELP]",
            "Crash at a given point of a failover, to see what the others do."
        ) { request, _ in simulateFailure(request) },
        row("slaves", 3, "<master-name>", "The same as REPLICAS.") { request, _ in .command(.replicas(name(request))) },
        row("help", 2, "", "Print this help.") { _, _ in .lines(helpLines) },
    ]

    private static func row(
        _ name: String, _ arity: Int, _ usage: String, _ help: String,
        _ parse: @escaping @Sendable (RESP.Request, CommandContext) -> ParsedCommand
    ) -> SentinelSubcommand {
        SentinelSubcommand(name: name, arity: arity, usage: usage, help: help, parse: parse)
    }

    private static var helpLines: [String] {
        ["SENTINEL <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"]
            + table.flatMap { row in
                [row.usage.isEmpty ? row.name.uppercased() : "\(row.name.uppercased()) \(row.usage)", "    \(row.help)"]
            }
    }

    private static func name(_ request: RESP.Request) -> MasterName { MasterName(request.text(2)) }

    /// - Source: spec/commands.md 6.5; negative and absurd epochs are refused, spec/defects.md 2.
    private static func masterDown(_ request: RESP.Request) -> ParsedCommand {
        guard let port: Int64 = Decimal.strict(request.text(3)), let epoch: UInt64 = Decimal.strict(request.text(4)),
            let epoch = Epoch(text: String(epoch))
        else { return .refused("ERR value is not an integer or out of range") }
        // A port that can't be is nobody's address: the answer is that of an unknown master.
        let endpoint = Endpoint(host: request.text(2), port: UInt16(exactly: port) ?? 0)
        let candidate = request.text(5)
        return .command(.isMasterDown(endpoint, epoch: epoch, candidate: candidate == "*" ? nil : RunID(heard: candidate)))
    }

    /// - Source: spec/commands.md 6.6.
    private static func monitor(_ request: RESP.Request) -> ParsedCommand {
        guard let quorum: Int64 = Decimal.strict(request.text(5)) else { return .refused("ERR Invalid quorum") }
        guard let port: Int64 = Decimal.strict(request.text(4)) else { return .refused("ERR Invalid port") }
        guard quorum > 0 else { return .refused("ERR Quorum must be 1 or greater.") }
        let name = name(request)
        guard name.isWellFormed else {
            return .refused("ERR Invalid master name: it can't be empty or hold commas, quotes or white space")
        }
        guard let port = UInt16(exactly: port) else { return .refused("ERR Invalid port number.") }
        return .command(.monitor(name, Endpoint(host: request.text(3), port: port), quorum: Int(quorum)))
    }

    /// - Source: spec/commands.md 6.15; a bad word arms nothing, spec/defects.md 68.
    private static func simulateFailure(_ request: RESP.Request) -> ParsedCommand {
        var failures: Set<SimulatedFailure> = []
        for index in 2..<request.count {
            if request.matches(index, "crash-after-election") {
                failures.insert(.afterElection)
            } else if request.matches(index, "crash-after-promotion") {
                failures.insert(.afterPromotion)
            } else if request.matches(index, "help") {
                return .lines(["crash-after-election", "crash-after-promotion"])
            } else {
                return .refused("ERR Unknown failure simulation specified")
            }
        }
        return .command(.simulateFailure(failures))
    }
}
