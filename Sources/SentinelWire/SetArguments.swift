// SPDX-License-Identifier: Apache-2.0

internal import RESP
internal import SentinelCore

/// The options of SENTINEL SET, all checked before any is applied.
///
/// - Source: spec/commands.md 6.10; spec/defects.md 68.
enum SetArguments {
    static func parse(_ request: RESP.Request, _ context: CommandContext) -> ParsedCommand {
        let master = MasterName(request.text(2))
        // Before the options are looked at.
        guard context.isWatched(master) else { return .refused(ErrorText(Response.Failure.unknownMaster.text)) }
        var changes: [OptionChange] = []
        var index = 3
        while index < request.count {
            switch option(request, index, context) {
            case .success(let change, let words):
                changes.append(change)
                index += words
            case .failure(let text): return .refused(text)
            }
        }
        return .command(.set(master, changes))
    }

    private enum Parsed {
        case success(OptionChange, words: Int)
        case failure(ErrorText)
    }

    private static func option(_ request: RESP.Request, _ index: Int, _ context: CommandContext) -> Parsed {
        let name = request.text(index)
        let left = request.count - index - 1
        let value = left > 0 ? request.text(index + 1) : ""
        func invalid(_ position: Int) -> Parsed {
            .failure("ERR Invalid argument '\(request[position])' for SENTINEL SET '\(name)'")
        }
        func change(_ option: MasterOption, shown: String? = nil) -> Parsed {
            .success(OptionChange(option, name: name, shown: shown ?? value), words: 2)
        }
        func number(atLeast least: Int64, _ option: (Int64) -> MasterOption) -> Parsed {
            guard let number: Int64 = Decimal.strict(value), number >= least else { return invalid(index + 1) }
            return change(option(number))
        }
        func text(_ option: (String?) -> MasterOption) -> Parsed {
            request.isText(index + 1) ? change(option(value.isEmpty ? nil : value)) : invalid(index + 1)
        }
        func script(_ what: String, _ option: (String?) -> MasterOption) -> Parsed {
            guard !context.deniesScriptReconfiguration else {
                return .failure(
                    """
                    ERR Reconfiguration of scripts path is denied for security reasons. Check the \
                    deny-scripts-reconfig configuration directive in your Sentinel configuration
                    """)
            }
            guard value.isEmpty || context.isExecutable(value) else {
                return .failure("ERR \(what) script seems non existing or non executable")
            }
            return text(option)
        }
        switch (name.lowercased(), left) {
        case ("down-after-milliseconds", 1...): return number(atLeast: 1) { .downAfter(.milliseconds($0)) }
        case ("failover-timeout", 1...): return number(atLeast: 1) { .failoverTimeout(.milliseconds($0)) }
        case ("parallel-syncs", 1...): return number(atLeast: 1) { .parallelSyncs(Decimal.in32Bits($0)) }
        case ("quorum", 1...): return number(atLeast: 1) { .quorum(Decimal.in32Bits($0)) }
        case ("master-reboot-down-after-period", 1...), ("primary-reboot-down-after-period", 1...):
            return number(atLeast: 0) { .masterRebootDownAfter(.milliseconds($0)) }
        case ("notification-script", 1...): return script("Notification") { .notificationScript($0) }
        case ("client-reconfig-script", 1...): return script("Client reconfiguration") { .clientReconfigScript($0) }
        case ("auth-pass", 1...):
            let password = Array(request[index + 1])
            return change(.authPassword(password.isEmpty ? nil : Secret(password)), shown: "******")
        case ("auth-user", 1...): return text { .authUser($0) }
        case ("rename-command", 2...):
            let (old, new) = (value, request.text(index + 2))
            guard !old.isEmpty, request.isText(index + 1) else { return invalid(index + 1) }
            guard !new.isEmpty, request.isText(index + 2) else { return invalid(index + 2) }
            let isSame = old.lowercased() == new.lowercased()
            return .success(
                OptionChange(.renamedCommand(old, isSame ? nil : new), name: name, shown: "\(old) \(new)"), words: 3)
        default: return .failure("ERR Unknown option or number of arguments for SENTINEL SET '\(request[index])'")
        }
    }
}

/// The arguments of SENTINEL DEBUG.
///
/// - Source: spec/commands.md 6.16; all or nothing, as SET.
enum DebugArguments {
    static func parse(_ request: RESP.Request, _ timing: Timing) -> ParsedCommand {
        guard request.count > 2 else { return .command(.timing) }
        var timing = timing
        var index = 2
        while index < request.count {
            let name = request.text(index)
            guard index + 1 < request.count, let period = TimingName(rawValue: name.lowercased()) else {
                return .refused("ERR Unknown option or number of arguments for SENTINEL DEBUG '\(request[index])'")
            }
            let text = request.text(index + 1)
            guard let value: Int64 = Decimal.strict(text), value > 0 else {
                return .refused("ERR Invalid argument '\(request[index + 1])' for SENTINEL DEBUG '\(name)'")
            }
            timing[keyPath: period.path] = .milliseconds(value)
            index += 2
        }
        return .command(.setTiming(timing))
    }
}
