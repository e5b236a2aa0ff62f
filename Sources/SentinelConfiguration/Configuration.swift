// SPDX-License-Identifier: Apache-2.0

package import SentinelCore

/// All that a configuration file, what it includes and the command line say.
///
/// General directives are obeyed in the order of the lines. `sentinel …` lines wait until those are through and are
/// then read in three passes, so that their order does not matter: first what is about this sentinel as a whole,
/// then `monitor`, then what refers to a master.
/// - Source: spec/config-and-process.md 2.
package struct Configuration: Sendable {
    package var sentinel = Settings()
    package var server = ServerSettings()
    package internal(set) var warnings: [ConfigurationWarning] = []

    /// What other files than the one we write to say, so that rewriting does not say it again.
    var elsewhere = LinesElsewhere()
    /// Lines of the command line and of standard input that are only kept: rewriting makes them permanent.
    var keptOptions: [KeptOption] = []

    package init() {}

    /// The users as included files have them, who would come back with the next start if the file itself said nothing
    /// else; without a line that `requirepass` wins over.
    package var includedUsers: [UserDeclaration] {
        guard server.stateFile.isEmpty else { return [] }
        return elsewhere.lines.compactMap { key, words in
            guard let name = key.userName else { return nil }
            let user = UserDeclaration(name: name, rules: words.dropFirst(2).map { Secret($0) })
            let isOverridden = name == Word("default") && server.requirePassword != nil && user.allowsEverything
            return isOverridden ? nil : user
        }
    }

    /// Whether a file with all of this in it is nobody else's business.
    package var holdsSecrets: Bool {
        let secrets = [
            server.requirePassword, server.tls.keyPassword, server.tls.clientKeyPassword, sentinel.sentinelPassword,
        ]
        return secrets.contains { $0 != nil } || !server.users.isEmpty
            || sentinel.masters.contains { $0.authPassword != nil }
    }

    /// What is to be written to the file that state is kept in, given what it holds now.
    package func saved(over old: [UInt8]) -> [UInt8] {
        server.stateFile.isEmpty ? Rewriter.rewrite(old: old, configuration: self) : StateText.text(of: self)
    }

    /// Reads everything, or says what is wrong with the first line that is not acceptable.
    ///
    /// - Throws: The first line that is not acceptable, with file and reason; no password is in it.
    package static func read(
        _ sources: ConfigurationSources, environment: some ConfigurationEnvironment
    ) throws(ConfigurationError) -> Configuration {
        var reader = ConfigurationReader(environment: environment)
        try reader.readGeneral(sources)
        try reader.readState()
        try reader.readSentinel()
        return try reader.finish()
    }
}

/// An option without effect on us, by the name of its directive.
struct KeptOption: Sendable, Equatable {
    var directive: String
    var words: [Word]
}

/// What is said in files that we don't write to, in the terms of rewriting: those below an `include`, and with a state
/// file the whole configuration.
struct LinesElsewhere: Sendable, Equatable {
    /// General directives in their order, as name and arguments.
    var server: [KeptOption] = []
    /// `user` and `sentinel` lines in their canonical form.
    var lines: [LineKey: [Word]] = [:]
    /// The masters that are named there.
    var masters: [Word] = []
    /// The users in force there.
    var users: [UserDeclaration] = []
    /// Whether the main file itself leads there, by an `include`.
    var isIncludedByFile = false
}
