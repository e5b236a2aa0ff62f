// SPDX-License-Identifier: Apache-2.0

import SentinelCore

/// The three passes over `sentinel …` lines.
extension ConfigurationReader {
    mutating func readSentinel() throws(ConfigurationError) {
        var masters = MasterLines()
        for pass in Pass.allCases {
            for line in pending where Pass(line.statement) == pass {
                do throws(Reason) {
                    switch pass {
                    case .global: try readGlobal(line)
                    case .monitor: try readMonitor(line, &masters)
                    case .master: try readMaster(line, &masters)
                    }
                } catch {
                    throw ConfigurationError(error, at: line.source.location, line: line.source.text)
                }
            }
        }
        result.sentinel.masters = masters.masters
        for master in masters.masters {
            result.sentinel.currentEpoch = max(result.sentinel.currentEpoch, master.configEpoch)
        }
    }

    private mutating func readGlobal(_ line: PendingLine) throws(Reason) {
        guard case .sentinel(let directive, let words) = line.statement, case .global(let setting) = directive.action
        else { return }
        try setting.read(&result.sentinel, words)
        guard line.source.origin == .included else { return }
        result.included.lines[.global(directive)] = CanonicalLine.words(directive, words)
    }

    private mutating func readMonitor(_ line: PendingLine, _ masters: inout MasterLines) throws(Reason) {
        guard case .sentinel(let directive, let words) = line.statement else { return }
        let master = try DirectiveTable.monitored(words)
        guard accepts(master.address.host) else { throw .unresolvedHost }
        if line.source.origin == .included {
            result.included.lines[.master(directive, words[0], [])] = CanonicalLine.words(directive, words)
        }
        guard let index = masters.index[words[0]] else { return masters.add(master, named: words[0], line.source) }
        let earlier = masters.masters[index]
        let isSame = earlier.address == master.address && earlier.quorum == master.quorum
        guard isSame || line.source.origin != masters.origins[index] else { throw .duplicateMaster }
        warn(.duplicate(directive: "sentinel monitor \(master.name)"), line.source)
        if line.source.origin > masters.origins[index] {
            masters.masters[index] = master
            masters.origins[index] = line.source.origin
        }
    }

    private mutating func readMaster(_ line: PendingLine, _ masters: inout MasterLines) throws(Reason) {
        guard case .sentinel(let directive, let words) = line.statement, case .master(let setting) = directive.action
        else { throw .unrecognizedStatement }
        guard let index = masters.index[words[0]] else { throw .unknownMaster }
        let arguments = Array(words.dropFirst())
        guard try isUsable(directive, arguments, line.source) else { return }
        try check(setting, arguments)

        let key = LineKey.master(directive, words[0], arguments)
        let canonical = CanonicalLine.words(directive, words) ?? words
        let origin = line.source.origin
        if origin == .included { result.included.lines[key] = canonical }
        if !setting.identity(arguments).isEmpty {
            if let earlier = masters.seen[key] {
                warn(.duplicate(directive: "sentinel \(directive.name)"), line.source)
                if earlier.words == canonical { return }
                if origin == earlier.origin, let reason = setting.duplicate { throw reason }
            }
            masters.seen[key] = (canonical, origin)
        }
        try setting.read(&masters.masters[index], arguments)
    }

    /// Whether a line is more than a leftover: a sentinel without a usable identity is found again by its hello.
    private mutating func isUsable(
        _ directive: Directive, _ arguments: [Word], _ source: SourceLine
    ) throws(Reason) -> Bool {
        guard directive.name == "known-sentinel" else { return true }
        if arguments.count == 3, RunID(try arguments[2].text()) != nil { return true }
        warn(.sentinelWithoutRunID, source)
        return false
    }

    private func check(_ setting: MasterSetting, _ arguments: [Word]) throws(Reason) {
        switch setting.check {
        case .none: break
        case .executable(let reason):
            guard environment.isExecutable(try arguments[0].text()) else { throw reason }
        case .address:
            guard accepts(try DirectiveTable.endpoint(arguments[0], arguments[1]).host) else { throw .unresolvedHost }
        }
    }

    private func accepts(_ host: String) -> Bool {
        guard !host.isEmpty else { return false }
        return environment.isNumericAddress(host)
            || result.sentinel.resolvesHostnames && environment.resolves(host)
    }
}

/// What the passes over masters keep at hand, so that each line costs one look-up.
private struct MasterLines {
    var masters: [MasterSettings] = []
    var origins: [SourceLine.Origin] = []
    var index: [Word: Int] = [:]
    var seen: [LineKey: (words: [Word], origin: SourceLine.Origin)] = [:]

    mutating func add(_ master: MasterSettings, named name: Word, _ source: SourceLine) {
        index[name] = masters.count
        masters.append(master)
        origins.append(source.origin)
    }
}

/// When a line gets its turn.
private enum Pass: CaseIterable {
    case global, monitor, master

    init(_ statement: Statement) {
        guard case .sentinel(let directive, _) = statement else {
            self = .master
            return
        }
        self =
            switch directive.action {
            case .global: .global
            case .monitor: .monitor
            default: .master
            }
    }
}
