// SPDX-License-Identifier: Apache-2.0

/// All users. There is always one called `default`.
///
/// - Source: spec/commands.md 4.2, 4.6.
package struct Users: Sendable, Equatable {
    private var table: [UserName: User]
    /// Whether users begin with all channels allowed; `acl-pubsub-default allchannels`.
    package let hearAllByDefault: Bool

    /// - Parameter requirePassword: The password of `requirepass`; `nil` or empty for none.
    package init(requirePassword: [UInt8]? = nil, hearAllByDefault: Bool = false) {
        self.hearAllByDefault = hearAllByDefault
        table = [.default: .implied(requirePassword: requirePassword, hearsAllByDefault: hearAllByDefault)]
    }

    package subscript(name: UserName) -> User? { table[name] }

    /// In the order of ACL USERS and LIST.
    package var names: [UserName] { table.keys.sorted() }

    package var sorted: [User] { names.compactMap { table[$0] } }
    package var count: Int { table.count }

    /// Whether a new connection must authenticate before it may do anything.
    package var needAuthentication: Bool {
        table[.default].map { !$0.isEnabled || !$0.needsNoPassword } ?? true
    }

    /// The users of `former` that are gone or say something else now, whatever order it was said in before.
    ///
    /// What counts is what is shown, and saved: rules that were replaced make no difference.
    package func changed(since former: Users) -> Set<UserName> {
        Set(
            former.table.values.lazy.filter { user in
                guard let now = table[user.name] else { return true }
                return now != user && now.line != user.line
            }.map(\.name))
    }

    // MARK: Changes

    /// ACL SETUSER: makes the user if there is none, and applies all modifiers or, on an error, none.
    ///
    /// - Throws: The first modifier that can't be applied, or a name that no user may have.
    package mutating func set(_ name: UserName, _ modifiers: [ArraySlice<UInt8>]) throws(UsersError) {
        guard name.isValid else { throw .badUserName }
        var user = table[name] ?? User(name, hearsAllByDefault: hearAllByDefault)
        let words: [ArraySlice<UInt8>]
        do {
            words = try RuleWords.joiningSelectors(modifiers)
        } catch {
            throw .unmatchedParenthesis(start: RuleWords.shown(error.start))
        }
        do {
            try user.apply(words)
        } catch {
            throw .rule(error)
        }
        table[name] = user
    }

    /// ACL DELUSER: deletes all of them or, if `default` is among them, none.
    ///
    /// - Returns: Those there were. Their connections are to be closed.
    /// - Throws: `defaultUserIsNeeded`.
    package mutating func delete(_ names: [UserName]) throws(UsersError) -> [UserName] {
        guard !names.contains(.default) else { throw .defaultUserIsNeeded }
        return names.filter { table.removeValue(forKey: $0) != nil }
    }

    /// Makes `requirepass` the only password of the default user, or lets anyone in if it is empty.
    ///
    /// Everything else about the default user stays.
    package mutating func require(password: [UInt8]?) { table[.default]?.require(password) }

    /// Puts a user in place, whole.
    mutating func replace(_ user: User) { table[user.name] = user }

    // MARK: Authentication

    /// What became of an AUTH or of HELLO's AUTH.
    package enum Authentication: Sendable, Hashable {
        case accepted(UserName)
        /// To be noted in ACL LOG under the name that was offered.
        case refused(UserName)
        /// A password alone was offered and the default user has none.
        case noPasswordToCheck

        /// The error to reply, with its code; `nil` when accepted.
        package var error: String? {
            switch self {
            case .accepted: nil
            case .refused: "WRONGPASS invalid username-password pair or user is disabled."
            case .noPasswordToCheck:
                "ERR AUTH <password> called without any password configured for the default user. Are you sure your "
                    + "configuration is correct?"
            }
        }
    }

    /// AUTH with a password alone.
    package func authenticate(password: ArraySlice<UInt8>) -> Authentication {
        if table[.default]?.needsNoPassword == true { return .noPasswordToCheck }
        return authenticate(.default, password: password)
    }

    /// Bytes of a name or password that is looked at: as many as a connection may send in a word that has yet to log in.
    package static let longestCredential = 16384

    /// AUTH with a user's name; also HELLO's.
    ///
    /// Hashing takes time, so what is too long is not compared with anything.
    package func authenticate(_ name: UserName, password: ArraySlice<UInt8>) -> Authentication {
        guard max(name.bytes.count, password.count) <= Self.longestCredential else {
            return table[name]?.acceptsAnything == true ? .accepted(name) : .refused(name)
        }
        // Hashed for an unknown user too, so that the time doesn't tell which names exist.
        let offered = PasswordHash(of: password)
        return table[name]?.accepts(offered) == true ? .accepted(name) : .refused(name)
    }
}
