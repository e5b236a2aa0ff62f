// SPDX-License-Identifier: Apache-2.0

import AccessControl
import CommandCatalogue
import EventLoop
import RESP
import SentinelConfiguration
import SentinelCore

/// Who may do what at the client port, and the log of those who tried to do more.
///
/// - Source: spec/commands.md 2, 4.2, 4.6.
final class Access {
    private(set) var users: Users {
        didSet { unconditionalCommands = [:] }
    }
    /// What each user may send whatever the arguments are, as far as it was asked.
    private var unconditionalCommands: [UserName: CommandSet] = [:]
    var log: AccessLog
    /// The file of ACL LOAD and SAVE, or `nil`.
    let file: String?
    private let requirePassword: [UInt8]?
    private let hearsAllByDefault: Bool
    /// Told when clients' permissions may be others, and users are to be remembered.
    ///
    /// - Parameter ended: The users for whom nobody is logged in any more: those that are gone, and those that a file
    ///   has other words about.
    var changed: (_ ended: Set<UserName>) -> Void = { _ in }

    /// - Throws: A line about users that can't be obeyed, in the words of the log.
    init(_ settings: ServerSettings) throws(StartError) {
        requirePassword = settings.requirePassword?.reveal()
        hearsAllByDefault = settings.newUserChannels == .allchannels
        log = AccessLog(maximumLength: settings.aclLogMaximumLength)
        file = settings.aclFile.isEmpty ? nil : settings.aclFile
        users = Users(requirePassword: requirePassword, hearAllByDefault: hearsAllByDefault)
        if file != nil {
            users = try read()
        } else if !settings.users.isEmpty {
            do throws(DeclarationError) {
                try users.declare(settings.users.map { [$0.name] + $0.rules.map { $0.reveal() } })
            } catch {
                throw StartError(text: error.text)
            }
        }
    }

    struct StartError: Error {
        let text: String
    }

    private func read() throws(StartError) -> Users {
        guard let file else { return users }
        let text: [UInt8]
        do throws(SystemError) {
            text = try FileReplacement.readFile(file)
        } catch {
            throw StartError(text: "Error loading ACLs, opening file '\(file)': \(error.message)")
        }
        do throws(UserFileError) {
            return try UserFile.users(
                text: text, path: file, requirePassword: requirePassword, hearAllByDefault: hearsAllByDefault)
        } catch {
            throw StartError(text: String(decoding: error.text, as: UTF8.self))
        }
    }

    // MARK: Clients

    /// Gives a client what one gets without a password.
    func login(_ client: Client) {
        client.user = .default
        client.hasLoggedIn = !users.needAuthentication
        refresh(client)
    }

    /// Checks a password and gives the client its user; returns the error to reply.
    func authenticate(
        _ client: Client, _ user: UserName?, _ password: ArraySlice<UInt8>, command: String
    ) -> String? {
        let outcome = user.map { users.authenticate($0, password: password) } ?? users.authenticate(password: password)
        switch outcome {
        case .accepted(let name):
            client.user = name
            client.hasLoggedIn = true
            refresh(client)
        case .refused(let name): note(.authentication(command: command), name, client)
        case .noPasswordToCheck: break
        }
        return outcome.error
    }

    /// Gives the client its user's permissions as they are now.
    ///
    /// Who has not logged in is let in as long as the default user needs no password.
    func refresh(_ client: Client) {
        client.isAuthenticated = client.hasLoggedIn || !users.needAuthentication
        if let known = unconditionalCommands[client.user] {
            client.unconditionalCommands = known
        } else {
            let commands = users[client.user]?.unconditionalCommands ?? CommandSet()
            unconditionalCommands[client.user] = commands
            client.unconditionalCommands = commands
        }
    }

    /// Whether the client's user may send this; replies and notes it if not.
    func allows(_ entry: CommandEntry, _ request: RESP.Request, _ client: Client) -> Bool {
        if client.unconditionalCommands.contains(entry) { return true }
        guard let user = users[client.user] else {
            client.encoder.error("NOPERM User \(client.user) no longer exists")
            return false
        }
        let verdict = user.check(entry, request)
        guard let error = verdict.error(for: client.user) else { return true }
        if let refusal = AccessLog.Refusal(verdict) { note(refusal, client.user, client) }
        client.encoder.error(error)
        return false
    }

    private func note(_ refusal: AccessLog.Refusal, _ user: UserName, _ client: Client) {
        client.count(refusal)
        log.note(refusal, user: user, client: client.shortLine, at: Int(LocalTime.microseconds / 1000))
    }

    // MARK: Changes

    func set(_ name: UserName, _ modifiers: [ArraySlice<UInt8>]) throws(UsersError) {
        try users.set(name, modifiers)
        changed([])
    }

    func delete(_ names: [UserName]) throws(UsersError) -> [UserName] {
        let deleted = try users.delete(names)
        if !deleted.isEmpty { changed(Set(deleted)) }
        return deleted
    }

    /// Takes the users from the file.
    ///
    /// Whoever logged in as one that is another now has to do so again; the default user, that nobody needs to log in
    /// as, is let off. - Source: ACL LOAD of redis-sentinel 7.0.15, which ends the connections of the others as well.
    func reload() throws(StartError) {
        let former = users
        users = try read()
        changed(users.changed(since: former).subtracting([.default]))
    }

    /// What the configuration file is to remember of the users as they are now.
    ///
    /// - Parameter included: Users that other files name.
    func remembered(besides included: [UserDeclaration]) -> RememberedUsers {
        RememberedUsers(
            users: file == nil ? users : nil,
            implied: .implied(requirePassword: requirePassword, hearsAllByDefault: hearsAllByDefault),
            hasRequiredPassword: requirePassword != nil, hearsAllByDefault: hearsAllByDefault, included: included)
    }
}
