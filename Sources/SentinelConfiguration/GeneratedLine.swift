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
        var lines = users(of: configuration.server)
        var mastersAreWritten = false
        for row in DirectiveTable.sentinelRows {
            if case .global(let setting) = row.action {
                guard let value = setting.write(settings) else { continue }
                lines.append(
                    GeneratedLine(
                        key: .global(row), words: CanonicalLine.line(row, value.words), presence: value.presence))
            } else if !mastersAreWritten {
                mastersAreWritten = true
                for master in settings.masters {
                    for row in perMaster { lines += about(master, row) }
                }
            }
        }
        return lines
    }

    private static func about(_ master: MasterSettings, _ row: Directive) -> [GeneratedLine] {
        let name = Word(master.name.text)
        switch row.action {
        case .monitor:
            return [
                GeneratedLine(
                    key: .master(row, name, []), words: CanonicalLine.monitor(row, master), presence: .required)
            ]
        case .master(let setting):
            return setting.write(master).map { value in
                GeneratedLine(
                    key: .master(row, name, value.words), words: CanonicalLine.line(row, [name] + value.words),
                    presence: value.presence)
            }
        case .kept, .setting, .include, .user, .renameCommand, .global: return []
        }
    }

    /// Users of the file; none when they live in a file of their own.
    private static func users(of server: ServerSettings) -> [GeneratedLine] {
        guard server.aclFile.isEmpty else { return [] }
        return server.users.map { user in
            GeneratedLine(
                key: .user(user.name), words: [Word("user"), user.name] + user.rules.map { $0.reveal() },
                presence: user.isImpliedDefault ? .whenPresent : .required)
        }
    }
}
