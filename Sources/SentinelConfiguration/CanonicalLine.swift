// SPDX-License-Identifier: Apache-2.0

import SentinelCore

/// The words we would write for what a line says, whatever its case, aliases and leading zeros.
enum CanonicalLine {
    /// The whole line, or `nil` when a value in it is not acceptable. `words` start after both names.
    static func words(_ directive: Directive, _ words: [Word]) -> [Word]? {
        switch directive.action {
        case .global(let setting):
            var settings = Settings()
            guard (try? setting.read(&settings, words)) != nil, let value = setting.write(settings) else { return nil }
            return line(directive, value.words)
        case .monitor:
            guard let master = try? DirectiveTable.monitored(words) else { return nil }
            return monitor(directive, master)
        case .master(let setting):
            guard let name = words.first else { return nil }
            var master = MasterSettings(name: MasterName(""), address: Endpoint(host: "", port: 0), quorum: 1)
            guard (try? setting.read(&master, Array(words.dropFirst()))) != nil,
                let value = setting.write(master).first
            else { return nil }
            return line(directive, [name] + value.words)
        case .stateFile, .removedMaster, .movedMaster: return line(directive, words)
        case .kept, .setting, .include, .user, .renameCommand: return nil
        }
    }

    static func line(_ directive: Directive, _ words: [Word]) -> [Word] {
        [Word("sentinel"), Word(directive.name)] + words
    }

    static func monitor(_ directive: Directive, _ master: MasterSettings) -> [Word] {
        line(
            directive,
            [
                Word(master.name.text), Word(master.address.host), Word("\(master.address.port)"),
                Word("\(master.quorum)"),
            ])
    }
}

extension DirectiveTable {
    /// Reads the four words of a `monitor` line; the order of the checks is the original's.
    static func monitored(_ words: [Word]) throws(Reason) -> MasterSettings {
        guard let name = try? words[0].text(), MasterName(name).isWellFormed else { throw .badMasterName }
        let quorum = try quorum(words[3])
        let address = try endpoint(words[1], words[2])
        return MasterSettings(name: MasterName(name), address: address, quorum: quorum)
    }

    /// At least 1; greater than a C `int` is as great as that.
    static func quorum(_ word: Word) throws(Reason) -> Int {
        guard let quorum = word.number(Int.self), quorum >= 1 else { throw .badQuorum }
        return min(quorum, 0x7FFF_FFFF)
    }
}
