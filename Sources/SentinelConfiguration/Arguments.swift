// SPDX-License-Identifier: Apache-2.0

/// What the command line asks for.
///
/// The configuration file is the first argument unless that starts with `-`. `--name value …` is a line of
/// configuration after the file; name and values may also be one argument. A last argument `-` reads standard input
/// between file and options. `--check-config`, ours, may stand anywhere.
/// - Source: spec/config-and-process.md 4; that a `--word` right after an option without value is its value, unless
///   the option is `save` or `sentinel`, is what Debian's redis-sentinel 7.0.15 does.
package enum Arguments: Sendable, Equatable {
    case run(Invocation)
    /// Read, judge, say so and leave; nothing is started or written.
    case checkConfiguration(Invocation)
    case showVersion
    case showHelp

    /// - Parameter arguments: Without the name of the program.
    package static func parse(_ arguments: [String]) -> Arguments {
        let rest = arguments.filter { $0 != "--check-config" }
        guard rest.count == arguments.count else { return .checkConfiguration(Invocation(rest)) }
        switch arguments.first {
        case "-v", "--version": return .showVersion
        case "-h", "--help": return .showHelp
        default: return .run(Invocation(arguments))
        }
    }
}

/// A configuration as the command line describes it.
package struct Invocation: Sendable, Equatable {
    /// As it was given; without one a sentinel has nowhere to keep its state and does not start.
    package var file: String?
    package var readsStandardInput = false
    /// To be read after the file, one line each.
    package var options: [[UInt8]] = []
    /// Arguments that hold a password; 0 is the program's name. What lists processes should not show them.
    package var secretPositions: Set<Int> = []

    init(_ arguments: [String]) {
        var rest = arguments[...]
        if let first = rest.first, !first.hasPrefix("-") {
            file = first
            rest.removeFirst()
        }
        if rest.last == "-" || arguments.first == "-" {
            readsStandardInput = true
            if arguments.first == "-" { rest.removeFirst() } else { rest.removeLast() }
        }
        var option: Option?
        for (index, argument) in zip(rest.indices, rest) {
            if argument.hasPrefix("--"), option.map({ !$0.wantsValue }) ?? true {
                if let option { end(option, at: index) }
                option = Option(line: Array(argument.utf8.dropFirst(2)))
            } else {
                option = (option ?? Option(line: [])).adding(argument)
            }
            if let option, option.showsSecret { secretPositions.insert(index + 1) }
        }
        if let option { end(option, at: rest.endIndex) }
    }

    /// - Parameter index: Of the argument behind its last.
    private mutating func end(_ option: Option, at index: Int) {
        options.append(option.line)
        if option.endsInSecret { secretPositions.insert(index) }
    }
}

/// A line in the making.
private struct Option {
    var line: [UInt8]
    var hasValue = false

    /// Whether the next word is a value even if it looks like an option.
    var wantsValue: Bool {
        guard !hasValue, let words = try? Grammar.words(of: line[...]), words.count == 1 else { return false }
        return !["save", "sentinel"].contains(words[0].lowercasedText)
    }

    /// Whether a password is among its words so far.
    var showsSecret: Bool { Redaction.line(line[...], isWhole: false) != line }
    /// Whether its last word may be one, now that no other follows.
    var endsInSecret: Bool { Redaction.line(line[...]) != line }

    func adding(_ value: String) -> Option {
        Option(line: line + (line.isEmpty ? [] : [0x20]) + Grammar.quoted(Array(value.utf8)), hasValue: true)
    }
}
