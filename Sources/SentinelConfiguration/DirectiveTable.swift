// SPDX-License-Identifier: Apache-2.0

/// Every directive we know, once: what reads the file, what rewrites it and what documents it look here.
package enum DirectiveTable {
    /// All rows, in the order in which the documentation shows them and lines are generated.
    package static let all: [Directive] = general + ordinary + later + sentinelRows

    /// General directives by every name they go by, in lower case.
    static let server = byName(general + ordinary + later)

    /// What may follow the word `sentinel`, by every name it goes by, in lower case.
    static let sentinel = byName(sentinelRows)

    /// What the original answers when a line has a wrong number of words differs from kind to kind.
    static func wrongCount(for directive: Directive) -> Reason {
        switch directive.action {
        case .kept where removed.contains(directive.name): .badDirective
        case .kept, .setting: .wrongNumberOfArguments
        case .include, .user, .renameCommand: .badDirective
        case .global, .monitor, .master, .stateFile, .removedMaster, .movedMaster: .unrecognizedStatement
        }
    }

    private static let removed: Set = [
        "list-max-ziplist-entries", "list-max-ziplist-value", "lua-replicate-commands", "loadmodule",
    ]

    private static func byName(_ directives: [Directive]) -> [String: Directive] {
        var table: [String: Directive] = [:]
        for directive in directives {
            for name in [directive.name] + directive.aliases { table[name] = directive }
        }
        return table
    }
}
