// SPDX-License-Identifier: Apache-2.0

/// A modifier that can't be applied.
package struct RuleFailure: Error, Sendable, Hashable {
    /// The modifier, with stars for a password in it.
    package let operation: [UInt8]
    package let problem: RuleProblem

    init(_ word: ArraySlice<UInt8>, _ problem: RuleProblem) {
        operation = RuleWords.shown(word)
        self.problem = problem
    }
}

/// Why users can't be changed as asked. Nothing was changed then.
package enum UsersError: Error, Sendable, Hashable {
    case badUserName
    case rule(RuleFailure)
    case unmatchedParenthesis(start: [UInt8])
    case defaultUserIsNeeded

    /// The error to reply, with its code.
    ///
    /// Where the original repeats a password (`<pw` that isn't there, a password within parentheses), there are stars.
    /// - Source: spec/commands.md 4.6; redis-sentinel 7.0.15 and 8.2.3.
    package var reply: [UInt8] {
        switch self {
        case .badUserName: Array("ERR Usernames can't contain spaces or null characters".utf8)
        case .rule(let failure):
            Array("ERR Error in ACL SETUSER modifier '".utf8) + failure.operation
                + Array("': \(failure.problem.text)".utf8)
        case .unmatchedParenthesis(let start):
            Array("ERR Unmatched parenthesis in acl selector starting at '".utf8) + start + Array("'.".utf8)
        case .defaultUserIsNeeded: Array("ERR The 'default' user cannot be removed".utf8)
        }
    }
}
