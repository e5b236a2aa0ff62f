// SPDX-License-Identifier: Apache-2.0

import SentinelCore

/// A line that the running state asks for.
struct GeneratedLine {
    var key: LineKey
    var words: [Word]
    var presence: GeneratedValue.Presence
}

extension GeneratedLine {
    /// Everything that state has to say, in the order in which new lines are written.
    static func all(of configuration: Configuration) -> [GeneratedLine] {
        let settings = configuration.sentinel
        let perMaster = DirectiveTable.masterRows + DirectiveTable.rememberedRows
        let renamesElsewhere = renamesElsewhere(configuration)
        var lines = users(of: configuration)
        var mastersAreWritten = false
        for row in DirectiveTable.sentinelRows {
            if case .global(let setting) = row.action {
                guard let value = setting.write(settings) else { continue }
                lines.append(
                    GeneratedLine(
                        key: .global(row), words: CanonicalLine.line(row, value.words), presence: value.presence))
            } else if row.isStateFile {
                lines += noStateFile(configuration, row)
            } else if row.scope == .master, !mastersAreWritten {
                mastersAreWritten = true
                lines += removedMasters(of: configuration)
                for master in settings.masters {
                    for row in perMaster { lines += about(master, row, configuration) }
                    lines += namesTakenBack(master, renamesElsewhere[Word(master.name.text)] ?? [])
                }
            }
        }
        return lines
    }

    /// What says that all is remembered in the file itself, where a line of it or of an included file says otherwise
    /// and only the command line did away with that: the next start would believe the older state over there.
    private static func noStateFile(_ configuration: Configuration, _ row: Directive) -> [GeneratedLine] {
        guard configuration.server.stateFile.isEmpty else { return [] }
        return [
            GeneratedLine(key: .global(row), words: CanonicalLine.line(row, [[]]), presence: .whenUnchanged)
        ]
    }

    private static func about(
        _ master: MasterSettings, _ row: Directive, _ configuration: Configuration
    ) -> [GeneratedLine] {
        let name = Word(master.name.text)
        switch row.action {
        case .monitor:
            let line = GeneratedLine(
                key: .master(row, name, []), words: CanonicalLine.monitor(row, master), presence: .required)
            return [moved(line, master, configuration) ?? line]
        case .master(let setting):
            return setting.write(master).map { value in
                GeneratedLine(
                    key: .master(row, name, value.words), words: CanonicalLine.line(row, [name] + value.words),
                    presence: value.presence)
            }
        case .kept, .setting, .include, .user, .renameCommand, .global, .stateFile, .removedMaster, .movedMaster:
            return []
        }
    }

    /// The line of a state file about a master that the configuration names: where it is now, and the quorum if that is
    /// another. Unlike a `monitor` line it is of no account once the configuration no longer names the master.
    private static func moved(
        _ line: GeneratedLine, _ master: MasterSettings, _ configuration: Configuration
    ) -> GeneratedLine? {
        guard !configuration.server.stateFile.isEmpty, let configured = configuration.elsewhere.lines[line.key],
            configured != line.words
        else { return nil }
        let row = DirectiveTable.movedMaster
        let name = Word(master.name.text)
        let quorum = configured.last == line.words.last ? [] : [Word("\(master.quorum)")]
        let words = [name, Word(master.address.host), Word("\(master.address.port)")] + quorum
        return GeneratedLine(
            key: .master(row, name, []), words: CanonicalLine.line(row, words), presence: .required)
    }

    /// What other files say of the names of data nodes' commands, by master and in the order of the lines' text.
    private static func renamesElsewhere(_ configuration: Configuration) -> [Word: [[Word]]] {
        let head = CanonicalLine.line(DirectiveTable.renamedCommand, [])
        let lines = configuration.elsewhere.lines.values.filter { $0.starts(with: head) }
        return Dictionary(grouping: lines) { $0[head.count] }
            .mapValues { $0.sorted { Grammar.text(of: $0).lexicographicallyPrecedes(Grammar.text(of: $1)) } }
    }

    /// Commands that have their own names again although another file renames them.
    private static func namesTakenBack(_ master: MasterSettings, _ elsewhere: [[Word]]) -> [GeneratedLine] {
        guard !elsewhere.isEmpty else { return [] }
        let row = DirectiveTable.renamedCommand
        let renamed = Set(master.renamedCommands.map { Word($0.command).lowercasedText })
        return elsewhere.map { $0[$0.count - 2] }.filter { !renamed.contains($0.lowercasedText) }.map { command in
            let name = Word(master.name.text)
            return GeneratedLine(
                key: .master(row, name, [command, command]),
                words: CanonicalLine.line(row, [name, command, command]), presence: .whenUnchanged)
        }
    }

    /// Masters that another file goes on naming although they are gone.
    private static func removedMasters(of configuration: Configuration) -> [GeneratedLine] {
        let watched = Set(configuration.sentinel.masters.map { Word($0.name.text) })
        let row = DirectiveTable.removedMaster
        return configuration.elsewhere.masters.filter { !watched.contains($0) }.map { name in
            GeneratedLine(
                key: .master(row, name, []), words: CanonicalLine.line(row, [name]), presence: .required)
        }
    }

    /// Users of the file; none when they live in a file of their own.
    ///
    /// A state file has all users or none: one that was deleted must not come back from the configuration.
    private static func users(of configuration: Configuration) -> [GeneratedLine] {
        let server = configuration.server
        guard server.aclFile.isEmpty else { return [] }
        let isForState = !server.stateFile.isEmpty
        guard !isForState || server.users != configuration.elsewhere.users else { return [] }
        let users = isForState && server.users.isEmpty ? [UserDeclaration.impliedDefault] : server.users
        return users.map { user in
            GeneratedLine(
                key: .user(user.name), words: [Word("user"), user.name] + user.rules.map { $0.reveal() },
                presence: user.isImpliedDefault && !isForState ? .whenPresent : .required)
        }
    }
}
