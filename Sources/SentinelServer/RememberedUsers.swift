// SPDX-License-Identifier: Apache-2.0

import AccessControl
import SentinelConfiguration
import SentinelCore

/// The users at one moment, to be put into the words of the configuration file.
///
/// Taking them costs nothing; the words are made beside the loop, by whoever writes the file, and not for each change.
nonisolated struct RememberedUsers: Sendable {
    /// `nil` where users have a file of their own.
    let users: Users?
    /// The default user as long as nothing is said about it.
    let implied: User
    let hasRequiredPassword: Bool
    let hearsAllByDefault: Bool
    /// Users that other files name: what is different here is said, also that one is gone.
    let included: [UserDeclaration]

    /// Whether there are no lines.
    var isEmpty: Bool {
        guard let users else { return true }
        return users.count == 1 && users[.default] == implied && included.isEmpty
    }

    /// As lines of the file.
    var declarations: [UserDeclaration] {
        guard let users else { return [] }
        let unchanged = unchanged(users)
        let gone = included.filter { users[UserName($0.name[...])] == nil }
        let known = Set(included.map(\.name))
        return users.sorted.filter { $0 != implied || known.contains($0.name.bytes) }
            .map { unchanged[$0.name] ?? declaration(of: $0) }
            + gone.map { UserDeclaration(name: $0.name, rules: [Secret("reset")]) }
    }

    /// Those of `included` that are still what the other file says, in its words: they need no lines of ours, which
    /// would win over what is changed over there.
    private func unchanged(_ users: Users) -> [UserName: UserDeclaration] {
        var unchanged: [UserName: UserDeclaration] = [:]
        for declaration in included {
            let name = UserName(declaration.name[...])
            var reading = Users(hearAllByDefault: hearsAllByDefault)
            guard (try? reading.declare([[declaration.name] + declaration.rules.map { $0.reveal() }])) != nil,
                reading[name] == users[name]
            else { continue }
            unchanged[name] = declaration
        }
        return unchanged
    }

    /// Without the `reset`, a line that lets the default user do everything would pass for one that the original's
    /// rewriting has added, and `requirepass` would win over it.
    private func declaration(of user: User) -> UserDeclaration {
        let rules = user.words.dropFirst(2).map { Secret($0) }
        let isMarked = user.name == .default && hasRequiredPassword
        return UserDeclaration(name: user.name.bytes, rules: (isMarked ? [Secret("reset")] : []) + rules)
    }
}
