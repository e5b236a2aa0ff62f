// SPDX-License-Identifier: Apache-2.0

import SentinelCore

/// A line on its way through the passes.
struct SourceLine {
    /// Who wins where two lines disagree about a master: the file that we write to, at last.
    enum Origin: Comparable {
        case included, option, main, state

        var role: Location.Role {
            switch self {
            case .included: .included
            case .option, .main: .main
            case .state: .state
            }
        }
    }

    var location: Location
    var origin: Origin
    var text: ArraySlice<UInt8>
}

/// A `sentinel …` line that waits for its pass.
struct PendingLine {
    var source: SourceLine
    var statement: Statement
}

/// The state of reading: what is known so far and which lines wait.
struct ConfigurationReader<Environment: ConfigurationEnvironment> {
    let environment: Environment
    var result = Configuration()
    var pending: [PendingLine] = []
    /// Where each `user` line stands.
    private var userLines: [Word: SourceLine] = [:]
    private var includedUsers: [LineKey: [Word]] = [:]
    /// Users that the command line names, or standard input.
    private var optionalUsers: [Word] = []
    private(set) var hasIncludes = false
    /// The users of the configuration, once the state file has begun to name others.
    private var usersBeforeState: [UserDeclaration]?
    /// General directives that had an effect, and who gave them.
    private var obeyed: [(origin: SourceLine.Origin, line: KeptOption)] = []
    var usesState: Bool { !result.server.stateFile.isEmpty }

    /// A file that includes itself ends here and not on the stack.
    private static var deepestInclude: Int { 16 }

    init(environment: Environment) { self.environment = environment }

    /// Obeys every general directive and collects the others.
    mutating func readGeneral(_ sources: ConfigurationSources) throws(ConfigurationError) {
        var line = 0
        try readText(sources.file.text, file: sources.file.name, origin: .main, line: &line)
        // Standard input goes on in the line that begins behind the last line feed.
        if sources.standardInput != nil, sources.file.text.last ?? 0x0A == 0x0A { line -= 1 }
        for text in [sources.standardInput].compactMap({ $0 }) + sources.options {
            try readText(text, file: sources.file.name, origin: .option, line: &line)
        }
    }

    /// Reads what an earlier life saved in a file of its own.
    mutating func readState() throws(ConfigurationError) {
        guard usesState else { return }
        let file = result.server.stateFile
        switch environment.state(at: file) {
        case .absent, .text([]): return
        case .unreadable(let why): throw ConfigurationError(.stateUnreadable(file: file, why: why))
        case .text(let text):
            if let last = StateText.cutOff(text) {
                throw ConfigurationError(
                    .stateCutOff, at: Location(file: file, line: last.number, role: .state), line: last.line)
            }
            var line = 0
            try readText(text, file: file, origin: .state, line: &line)
        }
    }

    /// Whether what is said there is said in a file that we don't write to.
    func isElsewhere(_ origin: SourceLine.Origin) -> Bool {
        origin == .included || usesState && origin != .state
    }

    private mutating func readText(
        _ text: [UInt8], file: String, origin: SourceLine.Origin, line: inout Int, depth: Int = 0
    ) throws(ConfigurationError) {
        for slice in Grammar.lines(of: text) {
            line += 1
            let location = Location(file: file, line: line, role: origin.role)
            let source = SourceLine(location: location, origin: origin, text: Grammar.trimmed(slice))
            guard !source.text.contains(0) else {
                throw ConfigurationError(.zeroBytes, at: location, line: source.text)
            }
            let statement: Statement
            do { statement = try Statement(source.text) } catch {
                throw ConfigurationError(.unbalancedQuotes, at: location, line: source.text)
            }
            if case .server(let directive, let words) = statement, case .include = directive.action, origin != .state {
                try readIncluded(words, source, depth: depth)
            } else {
                try obey(statement, source)
            }
        }
    }

    private mutating func readIncluded(
        _ words: [Word], _ source: SourceLine, depth: Int
    ) throws(ConfigurationError) {
        guard depth < Self.deepestInclude else {
            throw ConfigurationError(.includesTooDeep, at: source.location, line: source.text)
        }
        switch environment.included(words.first ?? []) {
        case .unreadable(let file, let why):
            throw ConfigurationError(
                .includeUnreadable(file: file, why: why), at: source.location, line: source.text)
        case .files(let files):
            hasIncludes = true
            if source.origin == .main { result.elsewhere.isIncludedByFile = true }
            for file in files {
                var line = 0
                try readText(file.text, file: file.name, origin: .included, line: &line, depth: depth + 1)
            }
        }
    }

    private mutating func obey(_ statement: Statement, _ source: SourceLine) throws(ConfigurationError) {
        do throws(Reason) {
            switch statement {
            case .silent, .module, .bareSentinel: break
            case .sentinel(let directive, let words) where directive.isStateFile:
                guard source.origin != .state else { throw .unrecognizedStatement }
                result.server.stateFile = try words[0].text()
                guard source.origin == .included else { return }
                result.elsewhere.lines[.global(directive)] = CanonicalLine.words(directive, words)
            case .unknown(.unrecognizedStatement), .sentinel:
                pending.append(PendingLine(source: source, statement: statement))
            case .unknown(let reason): throw reason
            case .server(let directive, let words): try obey(directive, words, source)
            }
        } catch {
            throw ConfigurationError(error, at: source.location, line: source.text)
        }
    }

    private mutating func obey(_ directive: Directive, _ words: [Word], _ source: SourceLine) throws(Reason) {
        switch directive.action {
        case .kept(let rule):
            try rule.check(words, of: directive.name)
            if source.origin == .option {
                result.keptOptions.append(KeptOption(directive: directive.name, words: words))
            }
        case .setting(let setting):
            try setting.read(&result.server, words)
            if directive.name == "dir", let why = environment.enterDirectory(result.server.directory) {
                throw .notADirectory(why: why)
            }
            obeyed.append((source.origin, KeptOption(directive: directive.name, words: words)))
        case .user: try addUser(words, source)
        case .renameCommand: try renameCommand(words)
        case .include: throw .badDirective
        case .global, .monitor, .master, .stateFile, .removedMaster, .movedMaster: break
        }
    }

    private mutating func addUser(_ words: [Word], _ source: SourceLine) throws(Reason) {
        let name = words[0]
        let user = UserDeclaration(name: name, rules: words.dropFirst().map { Secret($0) })
        if let why = environment.complaint(aboutUser: name, rules: user.rules) {
            throw .badUser(name: String(decoding: name, as: UTF8.self), why: why)
        }
        if source.origin == .included { includedUsers[.user(name)] = [Word("user")] + words }
        if source.origin == .option { optionalUsers.append(name) }
        if source.origin == .state, !beginUsersOfState() { return }
        if let earlier = userLines[name] {
            guard result.server.users.contains(user) || earlier.origin != source.origin else {
                throw .duplicateUser(name: String(decoding: name, as: UTF8.self))
            }
            warn(.duplicate(directive: "user"), source)
            guard earlier.origin < source.origin else { return }
            result.server.users.removeAll { $0.name == name }
        }
        userLines[name] = source
        result.server.users.append(user)
    }

    /// Lets the users of the state file take the place of all others; not where they live in a file of their own.
    private mutating func beginUsersOfState() -> Bool {
        guard result.server.aclFile.isEmpty else { return false }
        if usersBeforeState == nil {
            usersBeforeState = result.server.users
            result.server.users = []
            userLines = [:]
        }
        return true
    }

    private mutating func renameCommand(_ words: [Word]) throws(Reason) {
        guard isCommand(words[0]) else { throw .unknownCommandToRename }
        let keepsItsName = words[0].lowercasedText == words[1].lowercasedText
        guard words[1].isEmpty || keepsItsName || !isCommand(words[1]) else { throw .renameTargetExists }
        result.server.renamedCommands.append(
            RenamedCommand(command: try words[0].text(), name: try words[1].text()))
    }

    /// Whether a command is called so, after the renames so far.
    private func isCommand(_ name: Word) -> Bool {
        let name = name.lowercasedText
        for rename in result.server.renamedCommands.reversed() {
            if Word(rename.name).lowercasedText == name { return true }
            if Word(rename.command).lowercasedText == name { return false }
        }
        return environment.isCommand(name)
    }

    mutating func warn(_ cause: ConfigurationWarning.Cause, _ source: SourceLine) {
        result.warnings.append(ConfigurationWarning(location: source.location, cause: cause))
    }

    /// Checks what only the whole can show.
    mutating func finish() throws(ConfigurationError) -> Configuration {
        guard result.server.users.isEmpty || result.server.aclFile.isEmpty else {
            throw ConfigurationError(.usersAndACLFile)
        }
        settleDefaultUser()
        result.elsewhere.server = obeyed.filter { isElsewhere($0.origin) }.map(\.line)
        result.elsewhere.users = usersBeforeState ?? result.server.users
        // As with masters: who is named by the command line has to be in the main file as well.
        for name in optionalUsers { includedUsers[.user(name)] = nil }
        if !usesState { result.elsewhere.lines.merge(includedUsers) { $1 } }
        return result
    }

    /// Lets `requirepass` win over the `user default` line that the original's rewriting adds.
    ///
    /// That line says no more than "everything is allowed" and which password was in force when it was written, so a
    /// `requirepass` changed since would be without effect. A line that limits the default user is the operator's.
    /// - Source: spec/config-and-process.md 3, requirepass trap; spec/defects.md 3.
    private mutating func settleDefaultUser() {
        let name = Word("default")
        guard result.server.requirePassword != nil, let source = userLines[name],
            let index = result.server.users.firstIndex(where: { $0.name == name })
        else { return }
        guard result.server.users[index].allowsEverything else { return warn(.requirePasswordIgnored, source) }
        result.server.users.remove(at: index)
        warn(.defaultUserOverridden, source)
    }
}
