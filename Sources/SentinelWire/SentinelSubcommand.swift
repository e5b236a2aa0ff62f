// SPDX-License-Identifier: Apache-2.0

package import RESP
package import SentinelCore

/// What reading a request needs to know besides the request.
package struct CommandContext {
    /// All masters; asked for by the few requests that need them, for there may be thousands.
    package let masterNames: () -> [MasterName]
    package let isWatched: (MasterName) -> Bool
    package let timing: Timing
    package let deniesScriptReconfiguration: Bool
    /// Whether a file can be run as a script.
    package let isExecutable: (String) -> Bool

    package init(
        masterNames: @escaping () -> [MasterName], isWatched: @escaping (MasterName) -> Bool, timing: Timing,
        deniesScriptReconfiguration: Bool, isExecutable: @escaping (String) -> Bool
    ) {
        self.masterNames = masterNames
        self.isWatched = isWatched
        self.timing = timing
        self.deniesScriptReconfiguration = deniesScriptReconfiguration
        self.isExecutable = isExecutable
    }
}

/// A request, understood or not.
package enum ParsedCommand {
    case command(Command)
    case refused(ErrorText)
    /// Nothing of the core's: certificates and keys are to be read again.
    case reloadCertificates
}

/// What SENTINEL's subcommands ask of the core. Which there are, and how many words they take, the catalogue knows.
///
/// - Source: spec/commands.md 6.
package struct SentinelSubcommand: Sendable {
    /// The context is made only for the few subcommands that need it.
    package typealias Parse = @Sendable (RESP.Request, () -> CommandContext) -> ParsedCommand

    /// In lower case.
    package let name: String
    package let parse: Parse

    package static let all = table.map { SentinelSubcommand(name: $0.key, parse: $0.value) }

    /// The subcommand of that name, in lower case.
    package static func named(_ name: String) -> SentinelSubcommand? { all.first { $0.name == name } }

    private static let table: [String: Parse] = [
        "ckquorum": { request, _ in .command(.checkQuorum(name(request))) },
        "config": { request, _ in ConfigArguments.parse(request) },
        "debug": { DebugArguments.parse($0, $1().timing) },
        "get-master-addr-by-name": { request, _ in .command(.masterAddress(name(request))) },
        "get-primary-addr-by-name": { request, _ in .command(.masterAddress(name(request))) },
        "failover": { request, _ in .command(.failover(name(request))) },
        "flushconfig": { _, _ in .command(.flushConfiguration) },
        "info-cache": { request, _ in
            .command(.infoCache((2..<request.count).map { MasterName(request.text($0)) }))
        },
        "is-master-down-by-addr": { request, _ in masterDown(request) },
        "is-primary-down-by-addr": { request, _ in masterDown(request) },
        "master": { request, _ in .command(.master(name(request))) },
        "primary": { request, _ in .command(.master(name(request))) },
        "masters": { _, _ in .command(.masters) },
        "primaries": { _, _ in .command(.masters) },
        "monitor": { request, _ in monitor(request) },
        "myid": { _, _ in .command(.myID) },
        "pending-scripts": { _, _ in .command(.pendingScripts) },
        "remove": { request, _ in .command(.remove(name(request))) },
        "replicas": { request, _ in .command(.replicas(name(request))) },
        "slaves": { request, _ in .command(.replicas(name(request))) },
        "reset": { request, context in
            let names = context().masterNames().filter { Glob.matches(pattern: request[2], text: Array($0.text.utf8)) }
            return .command(.reset(names))
        },
        "sentinels": { request, _ in .command(.peers(name(request))) },
        "set": { SetArguments.parse($0, $1()) },
        "simulate-failure": { request, _ in simulateFailure(request) },
    ]

    private static func name(_ request: RESP.Request) -> MasterName { MasterName(request.text(2)) }

    /// - Source: spec/commands.md 6.5; negative and absurd epochs are refused, spec/defects.md 2.
    private static func masterDown(_ request: RESP.Request) -> ParsedCommand {
        guard let port: Int64 = Decimal.strict(request.text(3)), let epoch: UInt64 = Decimal.strict(request.text(4)),
            let epoch = Epoch(text: String(epoch))
        else { return .refused("ERR value is not an integer or out of range") }
        // A port that can't be is nobody's address: the answer is that of an unknown master.
        let endpoint = Endpoint(host: request.text(2), port: UInt16(exactly: port) ?? 0)
        let candidate = request.text(5)
        return .command(
            .isMasterDown(endpoint, epoch: epoch, candidate: candidate == "*" ? nil : RunID(heard: candidate)))
    }

    /// - Source: spec/commands.md 6.6.
    private static func monitor(_ request: RESP.Request) -> ParsedCommand {
        guard let quorum: Int64 = Decimal.strict(request.text(5)) else { return .refused("ERR Invalid quorum") }
        guard let port: Int64 = Decimal.strict(request.text(4)) else { return .refused("ERR Invalid port") }
        guard quorum > 0 else { return .refused("ERR Quorum must be 1 or greater.") }
        let name = name(request)
        guard name.isWellFormed, request.isText(2) else {
            return .refused("ERR Invalid master name: it can't be empty or hold commas, quotes or white space")
        }
        return .command(.monitor(name, host: request.text(3), port: Int(port), quorum: Decimal.in32Bits(quorum)))
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
                return .command(.simulateFailure(failures, listsKinds: true))
            } else {
                return .refused("ERR Unknown failure simulation specified")
            }
        }
        return .command(.simulateFailure(failures, listsKinds: false))
    }
}
