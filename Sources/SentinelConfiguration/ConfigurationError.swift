// SPDX-License-Identifier: Apache-2.0

/// Where a line stands.
package struct Location: Sendable, Hashable {
    /// The file as it was named on the command line or found by an `include`.
    package var file: String
    /// Counted from 1; standard input and options of the command line count on after the main file.
    package var line: Int
    package var role: Role

    /// What the file is to the configuration.
    package enum Role: Sendable, Hashable {
        case main
        /// An `include` led there.
        case included
        /// `sentinel state-file` names it.
        case state
    }

    package init(file: String, line: Int, role: Role = .main) {
        self.file = file
        self.line = line
        self.role = role
    }
}

/// A configuration that cannot be used: where, what is written there, and why not.
package struct ConfigurationError: Error, Sendable, Equatable {
    /// `nil` when the fault is not that of one line.
    package var location: Location?
    /// The trimmed line, a password in it replaced; see `Redaction`.
    package var text: [UInt8]
    package var reason: Reason

    init(_ reason: Reason, at location: Location? = nil, line: ArraySlice<UInt8> = []) {
        self.location = location
        self.text = Redaction.line(line)
        self.reason = reason
    }

    /// What is printed to standard error before the process leaves with status 1.
    ///
    /// The layout is the original's, which begins with an empty line. For another file than the main one
    /// one line more names it.
    /// A reason that is logged instead of printed (`reason.isLogged`) comes back as that one line.
    /// - Parameter version: As in `Redis 7.0.15`.
    /// - Source: spec/config-and-process.md 1.1; that line is ours.
    package func report(version: String) -> [UInt8] {
        guard !reason.isLogged else { return Word("\(reason.text)\n".utf8) }
        var report = Word("\n*** FATAL CONFIG FILE ERROR (\(version)) ***\n".utf8)
        if let location {
            switch location.role {
            case .main: break
            case .included: report += Word("In the included file '\(location.file)'\n".utf8)
            case .state: report += Word("In the state file '\(location.file)'\n".utf8)
            }
            report += Word("Reading the configuration file, at line \(location.line)\n>>> '".utf8)
            report += text.flatMap { $0 == 0 ? Word("\\x00".utf8) : [$0] }
            report += Word("'\n".utf8)
        }
        return report + Word("\(reason.text)\n".utf8)
    }
}

/// Something that was read but deserves a word in the log.
package struct ConfigurationWarning: Sendable, Equatable {
    package enum Cause: Sendable, Equatable {
        /// The same line again, or one that an included file has as well; the main file's counts.
        case duplicate(directive: String)
        /// A `known-sentinel` line without a usable run ID.
        case sentinelWithoutRunID
        /// A generated `user default` line that would have defeated `requirepass`.
        case defaultUserOverridden
        /// A `user default` line beside `requirepass` that is not a generated one: it stays in force.
        case requirePasswordIgnored
        /// The state file has the quorum of the time when it was written.
        case quorumOfState(master: String, inForce: Int, configured: Int)
    }

    package var location: Location
    package var cause: Cause

    package var text: String {
        let place = "\(location.file), line \(location.line)"
        return switch cause {
        case .duplicate(let directive): "\(place): '\(directive)' is there twice, one of them is ignored"
        case .sentinelWithoutRunID: "\(place): known-sentinel without a 40 character run ID is ignored"
        case .defaultUserOverridden: "\(place): 'user default' is ignored because requirepass is set"
        case .requirePasswordIgnored: "\(place): requirepass has no effect because of this 'user default'"
        case .quorumOfState(let master, let inForce, let configured):
            "\(place): the quorum of '\(master)' is \(inForce), as remembered here; the configuration says \(configured)"
        }
    }
}

/// Hides passwords in a line that is shown.
///
/// The words in front of the password stay as they were typed, so that the line can be found again.
enum Redaction {
    /// - Parameter isWhole: Whether nothing follows: then the last word may be the password, where one in front of it
    ///   was forgotten.
    static func line(_ line: ArraySlice<UInt8>, isWhole: Bool = true) -> [UInt8] {
        let tokens = line.split(whereSeparator: Grammar.isSpace)
        let words = (try? Grammar.words(of: line)) ?? tokens.map { $0.filter { $0 != 0x22 && $0 != 0x27 } }
        guard var visible = visibleWords(of: words) else { return Word(line) }
        let names = words.first?.lowercasedText == "sentinel" ? 2 : 1
        if isWhole, tokens.count == visible, visible > names { visible -= 1 }
        guard tokens.count > visible else { return Word(line) }
        guard visible > 0 else { return Word("******".utf8) }
        return Word(line[..<tokens[visible - 1].endIndex]) + Word(" ******".utf8)
    }

    /// How many words may be shown, or `nil` for all.
    private static func visibleWords(of words: [Word]) -> Int? {
        guard let name = words.first?.lowercasedText else { return nil }
        guard name == "sentinel", words.count > 1 else { return DirectiveTable.server[name]?.secretAfter }
        return DirectiveTable.sentinel[words[1].lowercasedText]?.secretAfter
    }
}
