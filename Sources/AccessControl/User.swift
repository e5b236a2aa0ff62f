// SPDX-License-Identifier: Apache-2.0

import CommandCatalogue

/// Someone who may connect: how to prove it, and what is then allowed.
///
/// - Source: spec/commands.md 4.6.
package struct User: Sendable, Equatable {
    package let name: UserName
    package private(set) var isEnabled = false
    /// Any password will do. There are no passwords then.
    package private(set) var needsNoPassword = false
    private var sanitizesPayload = true
    private var passwords: [PasswordHash] = []
    /// What the plain rules are about.
    private(set) var root: Selector
    /// Those added in parentheses.
    private(set) var selectors: [Selector] = []
    /// Whether new selectors allow all channels; `acl-pubsub-default`.
    private let hearsAllByDefault: Bool

    /// A user as ACL SETUSER makes it: off, without a password, allowed nothing.
    init(_ name: UserName, hearsAllByDefault: Bool) {
        self.name = name
        self.hearsAllByDefault = hearsAllByDefault
        root = Selector(allChannels: hearsAllByDefault)
    }

    /// The default user as long as no rule is about it: on, and allowed everything.
    ///
    /// - Parameter requirePassword: The password of `requirepass`; `nil` or empty for none.
    package static func implied(requirePassword: [UInt8]?, hearsAllByDefault: Bool = false) -> User {
        var user = User(.default, hearsAllByDefault: hearsAllByDefault)
        user.isEnabled = true
        user.root.allowEverything()
        user.require(requirePassword)
        return user
    }

    /// Leaves this password as the only one, or none if it is `nil` or empty.
    mutating func require(_ password: [UInt8]?) {
        let password = password ?? []
        needsNoPassword = password.isEmpty
        passwords = password.isEmpty ? [] : [PasswordHash(of: password)]
    }

    // MARK: Rules

    /// Applies modifiers in order. On an error the user is left half changed, so apply to a copy.
    mutating func apply(_ words: [ArraySlice<UInt8>]) throws(RuleFailure) {
        for word in words {
            do throws(RuleProblem) {
                try apply(Rule(word))
            } catch {
                throw RuleFailure(word, error)
            }
        }
    }

    mutating func apply(_ rule: Rule) throws(RuleProblem) {
        switch rule {
        case .enable(let isEnabled): self.isEnabled = isEnabled
        case .noPassword: require(nil)
        case .resetPasswords: (needsNoPassword, passwords) = (false, [])
        case .addPassword(let hash):
            needsNoPassword = false
            if !passwords.contains(hash) { passwords.append(hash) }
        case .removePassword(let hash):
            guard let position = passwords.firstIndex(of: hash) else { throw .noSuchPassword }
            passwords.remove(at: position)
        case .sanitizePayload(let sanitizes): sanitizesPayload = sanitizes
        case .addSelector(let rules):
            var selector = Selector(allChannels: hearsAllByDefault)
            for rule in rules { try selector.apply(rule) }
            selectors.append(selector)
        case .clearSelectors: selectors = []
        case .reset: self = User(name, hearsAllByDefault: hearsAllByDefault)
        case .selector(let rule): try root.apply(rule)
        }
    }

    /// Whether this password lets the user in. The time it takes tells nothing about which password it was like.
    func accepts(_ offered: PasswordHash) -> Bool {
        let matches = passwords.reduce(0) { $0 + ($1.isSame(as: offered) ? 1 : 0) }
        return acceptsAnything || isEnabled && matches > 0
    }

    /// Whether any password lets the user in.
    var acceptsAnything: Bool { isEnabled && needsNoPassword }

    // MARK: Descriptions

    private var flags: [String] {
        [isEnabled ? "on" : "off"] + (needsNoPassword ? ["nopass"] : [])
            + [sanitizesPayload ? "sanitize-payload" : "skip-sanitize-payload"]
    }

    /// The words of the line in ACL LIST and in files: `user`, the name, and modifiers.
    ///
    /// A pattern can hold a quote, so a file whose lines are read with quotes must quote each word that needs it.
    package var words: [[UInt8]] {
        [Array("user".utf8), name.bytes] + flags.map { Array($0.utf8) }
            + passwords.map { Array("#\($0.hexadecimal)".utf8) } + root.words
            + selectors.map { Array("(".utf8) + $0.words.spaced + Array(")".utf8) }
    }

    /// The line of ACL LIST, and of an ACL file.
    package var line: [UInt8] { words.spaced }

    /// The six fields of ACL GETUSER.
    package struct Fields: Sendable, Equatable {
        package let flags: [String]
        /// In hexadecimal.
        package let passwords: [String]
        package let permissions: Permissions
        package let selectors: [Permissions]
    }

    /// The fields that a selector has too.
    package struct Permissions: Sendable, Equatable {
        package let commands: [UInt8]
        package let keys: [UInt8]
        package let channels: [UInt8]

        init(_ selector: Selector) {
            commands = selector.commands.words.spaced
            keys = selector.keys.words.spaced
            channels = selector.channels.words.spaced
        }
    }

    package var fields: Fields {
        Fields(
            flags: flags, passwords: passwords.map(\.hexadecimal), permissions: Permissions(root),
            selectors: selectors.map(Permissions.init))
    }
}

extension [[UInt8]] {
    /// One line of these words.
    var spaced: [UInt8] { [UInt8](joined(separator: [UInt8(ascii: " ")])) }
}
