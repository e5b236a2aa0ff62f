// SPDX-License-Identifier: Apache-2.0

import SentinelCore

/// A line on its way through the passes.
struct SourceLine {
    /// Who wins where two lines disagree about a master: the file that we write to, at last.
    enum Origin: Comparable { case included, option, main }

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

    /// A file that includes itself ends here and not on the stack.
    private static var deepestInclude: Int { 16 }

    init(environment: Environment) { self.environment = environment }

    /// Obeys every general directive and collects the others.
    mutating func readGeneral(_ sources: ConfigurationSources) throws(ConfigurationError) {
        var line = 0
        try readText(sources.file.text, file: sources.file.name, origin: .main, line: &line)
        for text in [sources.standardInput].compactMap({ $0 }) + sources.options {
            try readText(text, file: sources.file.name, origin: .option, line: &line)
        }
    }

    private mutating func readText(
        _ text: [UInt8], file: String, origin: SourceLine.Origin, line: inout Int, depth: Int = 0
    ) throws(ConfigurationError) {
        for slice in Grammar.lines(of: text) {
            line += 1
            let location = Location(file: file, line: line, isIncluded: origin == .included)
            let source = SourceLine(location: location, origin: origin, text: Grammar.trimmed(slice))
            let statement: Statement
            do { statement = try Statement(source.text) } catch {
                throw ConfigurationError(.unbalancedQuotes, at: location, line: source.text)
            }
            if case .server(let directive, let words) = statement, case .include = directive.action {
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
            if source.origin == .included {
                result.included.server.append(KeptOption(directive: directive.name, words: words))
            }
        case .user: try addUser(words, source)
        case .renameCommand: try renameCommand(words)
        case .include, .global, .monitor, .master: break
        }
    }

    private mutating func addUser(_ words: [Word], _ source: SourceLine) throws(Reason) {
        let name = words[0]
        let user = UserDeclaration(name: name, rules: words.dropFirst().map { Secret($0) })
        if let why = environment.complaint(aboutUser: name, rules: user.rules) { throw .badUser(why: why) }
        if userLines[name] != nil {
            guard result.server.users.contains(user) else {
                throw .duplicateUser(name: String(decoding: name, as: UTF8.self))
            }
            warn(.duplicate(directive: "user"), source)
        } else {
            userLines[name] = source
            result.server.users.append(user)
        }
        if source.origin == .included { result.included.lines[.user(name)] = [Word("user")] + words }
    }

    private mutating func renameCommand(_ words: [Word]) throws(Reason) {
        let (old, new) = (words[0].lowercasedText, words[1].lowercasedText)
        let renamed = result.server.renamedCommands
        let isGone = renamed.contains { Word($0.command).lowercasedText == old }
        let isNew = renamed.contains { Word($0.name).lowercasedText == old }
        guard isNew || environment.isCommand(old) && !isGone else { throw .unknownCommandToRename }
        let isTaken =
            environment.isCommand(new) && !renamed.contains { Word($0.command).lowercasedText == new }
            || renamed.contains { Word($0.name).lowercasedText == new }
        guard new.isEmpty || !isTaken else { throw .renameTargetExists }
        result.server.renamedCommands.append(
            RenamedCommand(command: try words[0].text(), name: try words[1].text()))
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
