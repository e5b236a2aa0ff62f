// SPDX-License-Identifier: Apache-2.0

import CommandCatalogue

/// One modifier of ACL SETUSER, understood.
///
/// - Source: spec/commands.md 4.6.
enum Rule: Sendable {
    case enable(Bool)
    case noPassword
    case resetPasswords
    case addPassword(PasswordHash)
    case removePassword(PasswordHash)
    case sanitizePayload(Bool)
    case addSelector([SelectorRule])
    case clearSelectors
    case reset
    case selector(SelectorRule)
}

/// A modifier that may stand in parentheses too.
enum SelectorRule: Sendable {
    case allKeys
    case resetKeys
    case key(KeyPatterns.Pattern)
    case allChannels
    case resetChannels
    case channel([UInt8])
    case allCommands(Bool)
    case category(CommandCategory, allowed: Bool)
    case command(CommandEntry, allowed: Bool)
    case firstArgument(CommandEntry, [UInt8])
    /// The empty word.
    case nothing
}

/// Why a modifier can't be applied.
package enum RuleProblem: Error, Sendable, Hashable {
    case syntax
    case unknownCommand
    case firstArgumentOfSubcommand
    case badHash
    case noSuchPassword
    case keyAfterAll
    case channelAfterAll
    case unmatchedParenthesis

    /// - Source: spec/commands.md 4.6; ACL SETUSER of redis-sentinel 7.0.15 and 8.2.3.
    package var text: String {
        switch self {
        case .syntax: "Syntax error"
        case .unknownCommand: "Unknown command or category name in ACL"
        case .firstArgumentOfSubcommand: "Allowing first-arg of a subcommand is not supported"
        case .badHash:
            "The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters"
        case .noSuchPassword: "The password you are trying to remove from the user does not exist"
        case .keyAfterAll:
            "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have any effect. "
                + "Try 'resetkeys' to start with an empty list of patterns"
        case .channelAfterAll:
            "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not have any "
                + "effect. Try 'resetchannels' to start with an empty list of channels"
        case .unmatchedParenthesis: "Unmatched parenthesis in selector definition."
        }
    }
}
