// SPDX-License-Identifier: Apache-2.0

/// What is wrong with an ACL file, all lines of it.
package struct UserFileError: Error, Sendable, Hashable {
    /// Without a code. No password is in it.
    package let text: [UInt8]
    /// The error of ACL LOAD, with its code.
    package var reply: [UInt8] { Array("ERR ".utf8) + text }
}

/// An ACL file: a line `user <name> <modifier> ...` for each user, and nothing else but empty lines.
///
/// Words are separated by one space, and quotes mean nothing. Users that are not in it are gone; the default user is
/// then the implied one. The original forgets `requirepass` there and lets anyone in; the caller may hand it on.
///
/// - Source: redis-sentinel 7.0.15 and 8.2.3, ACL LOAD and SAVE.
package enum UserFile {
    /// Reads all users, or none.
    ///
    /// - Parameters:
    ///   - path: For the errors.
    ///   - requirePassword: The password of the default user if the file has no line about it.
    /// - Throws: What is wrong, with all lines that are.
    package static func users(
        text: some Collection<UInt8>, path: String, requirePassword: [UInt8]? = nil, hearAllByDefault: Bool = false
    ) throws(UserFileError) -> Users {
        var reader = Reader(path: path, requirePassword: requirePassword, hearAllByDefault: hearAllByDefault)
        let lines = Array(text).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() { reader.read(line, number: index + 1) }
        guard reader.errors.isEmpty else {
            throw UserFileError(text: reader.errors + Array(Self.nothingChanged.utf8))
        }
        return reader.users
    }

    private static let nothingChanged =
        "WARNING: ACL errors detected, no change to the previously active ACL rules was performed"

    /// The file that holds these users.
    package static func text(_ users: Users) -> [UInt8] {
        users.sorted.flatMap { $0.line + [UInt8(ascii: "\n")] }
    }

    private struct Reader {
        let path: String
        var users: Users
        var seen: Set<UserName> = []
        var errors: [UInt8] = []

        init(path: String, requirePassword: [UInt8]?, hearAllByDefault: Bool) {
            self.path = path
            users = Users(requirePassword: requirePassword, hearAllByDefault: hearAllByDefault)
        }

        mutating func read(_ line: ArraySlice<UInt8>, number: Int) {
            let line = line.trimmed
            guard !line.isEmpty else { return }
            let words = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
            guard words.count > 1, words[0].elementsEqual("user".utf8) else {
                return fail("\(path):\(number) should start with user keyword followed by the username. ")
            }
            let name = UserName(words[1])
            guard seen.insert(name).inserted else {
                return fail("WARNING: Duplicate user '", name.bytes, "' found on line \(number). ")
            }
            guard name.isValid else {
                return fail("'\(path):\(number): username '", name.bytes, "' contains invalid characters. ")
            }
            apply(Array(words.dropFirst(2)), to: name, line: number)
        }

        /// Applies all modifiers, so that all that are unknown are named, and the first other problem.
        private mutating func apply(_ modifiers: [ArraySlice<UInt8>], to name: UserName, line: Int) {
            guard let words = try? RuleWords.joiningSelectors(modifiers) else {
                return fail("\(path):\(line): \(RuleProblem.unmatchedParenthesis.text)")
            }
            var user = User(name, hearsAllByDefault: users.hearAllByDefault)
            var hasOtherProblem = false
            for word in words {
                do throws(RuleFailure) {
                    try user.apply([word])
                } catch {
                    if error.problem == .unknownCommand {
                        fail(
                            "\(path):\(line): Error in applying operation '", error.operation,
                            "': \(error.problem.text). ")
                    } else if !hasOtherProblem {
                        fail("\(path):\(line): \(error.problem.text). ")
                        hasOtherProblem = true
                    }
                }
            }
            users.replace(user)
        }

        private mutating func fail(_ text: String, _ bytes: [UInt8] = [], _ rest: String = "") {
            errors += Array(text.utf8) + bytes + Array(rest.utf8)
        }
    }
}

extension ArraySlice<UInt8> {
    /// Without spaces, tabs and line ends on both sides.
    fileprivate var trimmed: ArraySlice<UInt8> {
        let isBlank = { (byte: UInt8) in [0x20, 0x09, 0x0A, 0x0D].contains(byte) }
        var rest = drop(while: isBlank)
        while let last = rest.last, isBlank(last) { rest.removeLast() }
        return rest
    }
}
