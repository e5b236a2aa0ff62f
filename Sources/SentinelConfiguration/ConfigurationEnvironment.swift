// SPDX-License-Identifier: Apache-2.0

package import SentinelCore

/// What reading a configuration has to ask the world; this target never looks itself.
package protocol ConfigurationEnvironment {
    /// Whether the system would let a script be run, as the original asks: true of directories, too.
    func isExecutable(_ path: String) -> Bool

    /// Whether a script is a file that can be run.
    func isProgram(_ path: String) -> Bool

    /// Whether a host is a numeric address of either family.
    func isNumericAddress(_ host: String) -> Bool

    /// Whether a host name may be used while names are allowed; a shell that resolves later says yes.
    func resolves(_ host: String) -> Bool

    /// Makes `path` the working directory, or says why that fails, in the system's words.
    func enterDirectory(_ path: String) -> String?

    /// The files that an `include` asks for; `pattern` may hold `*`, `?` and `[`.
    func included(_ pattern: Word) -> Inclusion

    /// What the file of `sentinel state-file` holds.
    func state(at path: String) -> SavedState

    /// Whether a sentinel has a command of this name, given in lower case.
    func isCommand(_ name: String) -> Bool

    /// What is wrong with the rules of a user, in the words of the access control; no password in them.
    func complaint(aboutUser name: Word, rules: [Secret]) -> String?
}

extension ConfigurationEnvironment {
    package func isProgram(_ path: String) -> Bool { isExecutable(path) }
    package func resolves(_ host: String) -> Bool { true }
    package func state(at path: String) -> SavedState { .absent }
    package func complaint(aboutUser name: Word, rules: [Secret]) -> String? { nil }
}

/// What became of an `include`.
package enum Inclusion: Sendable, Equatable {
    /// In the order in which they are to be read; a pattern that matches nothing is fine.
    case files([SourceFile])
    /// A plain file that could not be opened, and why, in the system's words.
    case unreadable(file: String, why: String)
}

/// What an earlier life left in the state file.
package enum SavedState: Sendable, Equatable {
    /// Nothing was ever saved.
    case absent
    case text([UInt8])
    /// In the system's words.
    case unreadable(why: String)
}

/// A file and what is in it.
package struct SourceFile: Sendable, Equatable {
    package var name: String
    package var text: [UInt8]

    package init(name: String, text: [UInt8]) {
        self.name = name
        self.text = text
    }
}

/// All that a configuration is read from, in the order in which it counts.
package struct ConfigurationSources: Sendable, Equatable {
    package var file: SourceFile
    /// What came in on standard input, when the command line asks for it.
    package var standardInput: [UInt8]?
    /// Lines made of the options on the command line.
    package var options: [[UInt8]]

    package init(file: SourceFile, standardInput: [UInt8]? = nil, options: [[UInt8]] = []) {
        self.file = file
        self.standardInput = standardInput
        self.options = options
    }
}
