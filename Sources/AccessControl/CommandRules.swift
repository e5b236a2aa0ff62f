// SPDX-License-Identifier: Apache-2.0

import CommandCatalogue

/// The commands a user may run, and the rules that led there.
///
/// The rules are kept as they were given, in that order, so that what is shown and saved is what the operator wrote; a
/// rule replaces an earlier one about the same command or category, and a rule about a container those about its
/// subcommands.
///
/// - Source: ACL LIST of redis-sentinel 8.2.3; 7.0.15 works the text out from the bits instead.
struct CommandRules: Sendable, Equatable {
    /// What may be run whatever its arguments are.
    private(set) var allowed: CommandSet
    /// Of commands that may not: the first arguments with which they may, in lower case.
    private var firstArguments: [CommandEntry.ID: [[UInt8]]] = [:]
    /// Whether the rules begin with `+@all`, not `-@all`.
    private var beginWithAll: Bool
    private var rules: [Rule] = []

    private struct Rule: Sendable, Equatable {
        let allows: Bool
        /// `client`, `client|kill`, `@fast`, `ping|first`.
        let subject: [UInt8]
    }

    init(allowsAll: Bool) {
        allowed = allowsAll ? .all : CommandSet()
        beginWithAll = allowsAll
    }

    /// A rule about one of two names of the same thing is about both; it is shown as it was given.
    mutating func set(_ command: CommandEntry, allowed isAllowed: Bool) {
        change([command] + command.subcommands + (command.twin.map { [$0] } ?? []), allowed: isAllowed)
        let subject = Array(command.fullName.utf8)
        note(Rule(allows: isAllowed, subject: subject), replacingThoseBelow: subject + Array("|".utf8))
    }

    mutating func set(_ category: CommandCategory, allowed isAllowed: Bool) {
        change(Catalogue.commands(in: category), allowed: isAllowed)
        note(Rule(allows: isAllowed, subject: Array("@\(category.name)".utf8)))
    }

    /// Allows a command when its first argument is this one.
    ///
    /// - Parameter argument: In lower case.
    mutating func allow(_ command: CommandEntry, firstArgument argument: [UInt8]) {
        if firstArguments[command.id]?.contains(argument) != true {
            firstArguments[command.id, default: []].append(argument)
        }
        note(Rule(allows: true, subject: Array("\(command.fullName)|".utf8) + argument))
    }

    private mutating func change(_ commands: [CommandEntry], allowed isAllowed: Bool) {
        if isAllowed { allowed.formUnion(CommandSet(commands)) } else { allowed.subtract(CommandSet(commands)) }
        for command in commands { firstArguments[command.id] = nil }
    }

    private mutating func note(_ rule: Rule, replacingThoseBelow prefix: [UInt8]? = nil) {
        rules.removeAll { earlier in
            earlier.subject == rule.subject || prefix.map { earlier.subject.starts(with: $0) } == true
        }
        rules.append(rule)
    }

    /// Whether the command may be run with this first argument.
    func allows(_ command: CommandEntry, firstArgument: @autoclosure () -> ArraySlice<UInt8>?) -> Bool {
        if allowed.contains(command) { return true }
        guard let arguments = firstArguments[command.id], let given = firstArgument() else { return false }
        return arguments.contains(given.lowercased)
    }

    var words: [[UInt8]] {
        [Array((beginWithAll ? "+@all" : "-@all").utf8)]
            + rules.map { Array(($0.allows ? "+" : "-").utf8) + $0.subject }
    }
}

extension ArraySlice<UInt8> {
    /// With ASCII letters in lower case.
    var lowercased: [UInt8] { map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 } }
}
