// SPDX-License-Identifier: Apache-2.0

/// A `user` line of the configuration file that can't be accepted.
///
/// - Source: spec/config-and-process.md 1; redis-sentinel 7.0.15 and 8.2.3, which name the wrong word of the line.
package enum DeclarationError: Error, Sendable, Hashable {
    case duplicate(UserName)
    case badUserName
    case rule(RuleFailure, user: UserName)
    case unmatchedParenthesis(start: [UInt8])

    /// What stands below the quoted line in the fatal message, or in the log.
    package var text: String {
        switch self {
        case .duplicate(let name):
            "Error in user declaration '\(name)': Duplicate user found. A user can only be defined once in config files"
        case .badUserName: "Spaces not allowed in ACL usernames"
        case .rule(let failure, let user) where failure.problem == .unknownCommand:
            "Error loading ACL rule '\(Self.decode(failure.operation))' for the user named '\(user)': "
                + failure.problem.text
        case .rule(let failure, _):
            "Error in user declaration '\(Self.decode(failure.operation))': \(failure.problem.text)"
        case .unmatchedParenthesis(let start):
            "Error in user declaration '\(Self.decode(start))': \(RuleProblem.unmatchedParenthesis.text)"
        }
    }

    /// What is wrong, without any word of the line: that may be a password.
    package var problem: String {
        switch self {
        case .duplicate: "Duplicate user found. A user can only be defined once in config files"
        case .badUserName: "Spaces not allowed in ACL usernames"
        case .rule(let failure, _): failure.problem.text
        case .unmatchedParenthesis: RuleProblem.unmatchedParenthesis.text
        }
    }

    private static func decode(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}

extension Users {
    /// Makes users of the `user` lines of a configuration file, each the words after `user`: a name and modifiers.
    ///
    /// A line says all there is to say about its user: also the default user begins with nothing allowed there, and
    /// what `requirepass` made of it is gone, unless the caller calls `require(password:)` after this. Users without
    /// a line stay.
    ///
    /// - Throws: Which line is wrong and why; nothing has changed then.
    package mutating func declare(_ lines: [[[UInt8]]]) throws(DeclarationError) {
        var users = self
        var declared: Set<UserName> = []
        for words in lines {
            guard let first = words.first else { continue }
            let name = UserName(first)
            guard name.isValid else { throw .badUserName }
            guard declared.insert(name).inserted else { throw .duplicate(name) }
            users.replace(try user(name, words.dropFirst().map { $0[...] }))
        }
        self = users
    }

    private func user(_ name: UserName, _ modifiers: [ArraySlice<UInt8>]) throws(DeclarationError) -> User {
        var user = User(name, hearsAllByDefault: hearAllByDefault)
        let words: [ArraySlice<UInt8>]
        do {
            words = try RuleWords.joiningSelectors(modifiers)
        } catch {
            throw .unmatchedParenthesis(start: RuleWords.shown(error.start))
        }
        do {
            try user.apply(words)
        } catch {
            throw .rule(error, user: name)
        }
        return user
    }
}
