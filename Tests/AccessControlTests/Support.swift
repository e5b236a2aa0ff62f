// SPDX-License-Identifier: Apache-2.0

import CommandCatalogue
import RESP
import Testing

@testable import AccessControl

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
func text(_ bytes: some Sequence<UInt8>) -> String { String(decoding: Array(bytes), as: UTF8.self) }

/// With real control bytes for their pictures, which keep the names of test cases readable.
func real(_ text: String) -> String {
    let pictures: [Character: Character] = ["␀": "\0", "␉": "\t", "␊": "\n", "␍": "\r"]
    return String(text.map { pictures[$0] ?? $0 })
}

func request(_ words: String...) -> Request { Request(words.map(bytes)) }

/// The command a request asks for.
func command(_ request: Request) throws -> CommandEntry {
    let second = request.count > 1 ? request[1] : nil
    guard case .found(let command) = CommandNames(renaming: []).resolve(request[0], second) else {
        throw NoSuchCommand()
    }
    return command
}

struct NoSuchCommand: Error {}

extension Users {
    mutating func set(_ name: String, _ modifiers: String...) throws { try set(name, all: modifiers) }

    mutating func set(_ name: String, all modifiers: [String]) throws {
        try set(UserName(name), modifiers.map { bytes($0)[...] })
    }

    /// The users there are with just this one more.
    static func with(_ name: String, _ modifiers: String...) throws -> Users {
        var users = Users()
        try users.set(name, all: modifiers)
        return users
    }

    func user(_ name: String) throws -> User { try #require(self[UserName(name)]) }
    func line(_ name: String) throws -> String { try text(user(name).line) }
    var lines: [String] { sorted.map { text($0.line) } }

    func verdict(_ name: String, _ words: String...) throws -> Verdict {
        let request = Request(words.map(bytes))
        return try user(name).check(command(request), request)
    }
}

/// The reply of a refused change.
func refusal(_ change: () throws -> Void) -> String? {
    do {
        try change()
        return nil
    } catch let error as UsersError {
        return text(error.reply)
    } catch let error as DeclarationError {
        return error.text
    } catch let error as UserFileError {
        return text(error.reply)
    } catch {
        return "another error: \(error)"
    }
}
