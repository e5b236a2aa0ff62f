// SPDX-License-Identifier: Apache-2.0

import SentinelCore

/// The passes over `sentinel …` lines.
extension ConfigurationReader {
    mutating func readSentinel() throws(ConfigurationError) {
        var masters = MasterLines()
        for line in pending where line.source.origin == .state {
            guard case .sentinel(let directive, let words) = line.statement, directive.name == "config-epoch" else {
                continue
            }
            masters.remembered.insert(words[0])
        }
        for pass in Pass.allCases {
            if pass == .master, let line = masters.unresolved.min(by: { $0.key < $1.key })?.value {
                throw ConfigurationError(.unresolvedHost, at: line.source.location, line: line.source.text)
            }
            for line in pending where Pass(line.statement) == pass {
                do throws(Reason) {
                    switch pass {
                    case .global: try readGlobal(line)
                    case .removal: readRemoval(line, &masters)
                    case .monitor: try readMonitor(line, &masters)
                    case .move: try readMove(line, &masters)
                    case .master: try readMaster(line, &masters)
                    }
                } catch {
                    throw ConfigurationError(error, at: line.source.location, line: line.source.text)
                }
            }
        }
        result.sentinel.masters = masters.masters
        // The command line wins over included files, and may be the same the next time: the main file has to say it.
        if !usesState {
            for name in masters.optional { result.elsewhere.lines[.master(DirectiveTable.monitor, name, [])] = nil }
        }
        for master in masters.masters {
            result.sentinel.currentEpoch = max(result.sentinel.currentEpoch, master.configEpoch)
        }
    }

    private mutating func readGlobal(_ line: PendingLine) throws(Reason) {
        guard case .sentinel(let directive, let words) = line.statement, case .global(let setting) = directive.action
        else { return }
        try setting.read(&result.sentinel, words)
        guard isElsewhere(line.source.origin), !(directive.isMemory && usesState) else { return }
        result.elsewhere.lines[.global(directive)] = CanonicalLine.words(directive, words)
    }

    private func readRemoval(_ line: PendingLine, _ masters: inout MasterLines) {
        guard case .sentinel(_, let words) = line.statement else { return }
        masters.removals[words[0]] = line.source.origin
    }

    private mutating func readMonitor(_ line: PendingLine, _ masters: inout MasterLines) throws(Reason) {
        guard case .sentinel(let directive, let words) = line.statement else { return }
        let master = try DirectiveTable.monitored(words)
        let origin = line.source.origin
        let isAccepted = accepts(master.address.host)
        guard isAccepted || isElsewhere(origin) else { throw .unresolvedHost }
        if isElsewhere(origin), masters.elsewhere[words[0]].map({ origin > $0 }) ?? true {
            masters.elsewhere[words[0]] = origin
            result.elsewhere.lines[.master(directive, words[0], [])] = CanonicalLine.words(directive, words)
        }
        if origin == .option { masters.optional.insert(words[0]) }
        noteElsewhere(words[0], origin, &masters)
        guard !masters.areRemoved(words[0], origin) else { return }
        guard let index = masters.index[words[0]] else {
            if !isAccepted { masters.unresolved[masters.masters.count] = line }
            return masters.add(master, named: words[0], line.source)
        }
        let earlier = masters.masters[index]
        let isSame = earlier.address == master.address && earlier.quorum == master.quorum
        guard isSame || origin != masters.origins[index] else { throw .duplicateMaster }
        if origin != .state {
            warn(.duplicate(directive: "sentinel monitor \(master.name)"), line.source)
        } else {
            warnOfQuorum(master.quorum, over: earlier, line.source)
        }
        if origin > masters.origins[index] {
            masters.masters[index] = master
            masters.origins[index] = origin
            masters.unresolved[index] = isAccepted ? nil : line
        }
    }

    private mutating func readMove(_ line: PendingLine, _ masters: inout MasterLines) throws(Reason) {
        guard case .sentinel(_, let words) = line.statement, line.source.origin == .state else {
            throw .unrecognizedStatement
        }
        let address = try DirectiveTable.endpoint(words[1], words[2])
        let quorum = words.count > 3 ? try DirectiveTable.quorum(words[3]) : nil
        guard let index = masters.index[words[0]] else { return }
        guard accepts(address.host) else { throw .unresolvedHost }
        if let quorum {
            warnOfQuorum(quorum, over: masters.masters[index], line.source)
            masters.masters[index].quorum = quorum
        }
        masters.masters[index].address = address
        masters.origins[index] = line.source.origin
        masters.unresolved[index] = nil
    }

    /// A quorum that was set by command stays in force over one that was edited since: worth a word.
    private mutating func warnOfQuorum(_ quorum: Int, over configured: MasterSettings, _ source: SourceLine) {
        guard quorum != configured.quorum else { return }
        warn(
            .quorumOfState(master: configured.name.text, inForce: quorum, configured: configured.quorum), source)
    }

    private mutating func readMaster(_ line: PendingLine, _ masters: inout MasterLines) throws(Reason) {
        guard case .sentinel(let directive, let words) = line.statement, case .master(let setting) = directive.action
        else { throw .unrecognizedStatement }
        let origin = line.source.origin
        let arguments = Array(words.dropFirst())
        let key = LineKey.master(directive, words[0], arguments)
        let isMemoryBesideState = directive.isMemory && usesState && origin != .state
        let canonical = CanonicalLine.words(directive, words)
        if masters.areRemoved(words[0], origin) {
            if !isMemoryBesideState { result.elsewhere.lines[key] = canonical }
            return noteElsewhere(words[0], origin, &masters)
        }
        guard let index = masters.index[words[0]] else {
            // What is remembered of a master that the configuration no longer names is forgotten with it.
            guard origin == .state else { throw .unknownMaster }
            return
        }
        noteElsewhere(words[0], origin, &masters)
        guard try isUsable(directive, arguments, line.source) else { return }
        // An empty value takes back what another file says, or said; where there is no other it is as wrong as any script
        // that is not there.
        let isTakenBack = arguments == [[]] && !isElsewhere(origin) && (usesState || hasIncludes)
        // A state file has all that was seen of a master, so that nothing stale comes back.
        if isMemoryBesideState, directive.isDiscovery, masters.remembered.contains(words[0]) { return }
        if !isTakenBack { try check(setting, arguments) }

        if !isMemoryBesideState, isElsewhere(origin) {
            result.elsewhere.lines[key] = canonical
        }
        if directive.name == "known-replica", origin < masters.origins[index],
            try DirectiveTable.endpoint(arguments[0], arguments[1]) == masters.masters[index].address
        {
            return  // It has been promoted since.
        }
        if !setting.identity(arguments).isEmpty {
            if let earlier = masters.seen[key] {
                if origin != .state { warn(.duplicate(directive: "sentinel \(directive.name)"), line.source) }
                if earlier.words == canonical ?? words { return }
                if origin == earlier.origin, let reason = setting.duplicate { throw reason }
            }
            masters.seen[key] = (canonical ?? words, origin)
        }
        try setting.read(&masters.masters[index], arguments)
    }

    /// Keeps in mind that another file has a line about a master, and would be refused if the master were just gone.
    private mutating func noteElsewhere(_ name: Word, _ origin: SourceLine.Origin, _ masters: inout MasterLines) {
        guard isElsewhere(origin), masters.namedElsewhere.insert(name).inserted else { return }
        result.elsewhere.masters.append(name)
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
    /// Those that other files name.
    var namedElsewhere: Set<Word> = []
    /// Where the `monitor` line comes from that is in force but for the file we write to.
    var elsewhere: [Word: SourceLine.Origin] = [:]
    /// Those that the command line names, or standard input.
    var optional: Set<Word> = []
    var origins: [SourceLine.Origin] = []
    var index: [Word: Int] = [:]
    var seen: [LineKey: (words: [Word], origin: SourceLine.Origin)] = [:]

    /// Lines of other files that name masters which can't be resolved, by the masters' places. They are wrong unless
    /// what was saved since says where the master is.
    var unresolved: [Int: PendingLine] = [:]

    /// Masters that a line takes away from the files below the one it stands in.
    var removals: [Word: SourceLine.Origin] = [:]

    /// Masters that the state file has lines about: each has a `config-epoch` there.
    var remembered: Set<Word> = []

    func areRemoved(_ name: Word, _ origin: SourceLine.Origin) -> Bool {
        removals[name].map { origin < $0 } ?? false
    }

    mutating func add(_ master: MasterSettings, named name: Word, _ source: SourceLine) {
        index[name] = masters.count
        masters.append(master)
        origins.append(source.origin)
    }
}

/// When a line gets its turn.
private enum Pass: CaseIterable {
    case global, removal, monitor, move, master

    init(_ statement: Statement) {
        guard case .sentinel(let directive, _) = statement else {
            self = .master
            return
        }
        self =
            switch directive.action {
            case .global: .global
            case .removedMaster: .removal
            case .movedMaster: .move
            case .monitor: .monitor
            default: .master
            }
    }
}
