// SPDX-License-Identifier: Apache-2.0

import AccessControl
import SentinelConfiguration
import SentinelCore
import Testing

@testable import SentinelServer

@Suite struct `Remembered users` {
    private func lines(
        _ changes: [[String]], requirePassword: String? = nil, included: [[String]] = []
    ) throws -> [String] {
        var settings = ServerSettings()
        settings.requirePassword = requirePassword.map { Secret($0) }
        let access = try Access(settings)
        for words in changes {
            try access.set(UserName(words[0]), words.dropFirst().map { Array($0.utf8)[...] })
        }
        let remembered = access.remembered(
            besides: included.map { words in
                UserDeclaration(name: Array(words[0].utf8), rules: words.dropFirst().map { Secret($0) })
            })
        let declarations = remembered.declarations
        #expect(remembered.isEmpty == declarations.isEmpty)
        return declarations.map { declaration in
            ([declaration.name] + declaration.rules.map { $0.reveal() }).map { String(decoding: $0, as: UTF8.self) }
                .joined(separator: " ")
        }
    }

    @Test func `are none where nothing is said`() throws {
        #expect(try lines([]) == [])
        #expect(try lines([], requirePassword: "p") == [])
        #expect(try lines([["default", "on"]]) == [])
    }

    @Test func `are all others in the order of their names`() throws {
        #expect(
            try lines([["zoe", "on"], ["adam"]]) == [
                "adam off sanitize-payload resetchannels -@all", "zoe on sanitize-payload resetchannels -@all",
            ])
    }

    @Test func `are the default user when it is changed, marked where there is requirepass`() throws {
        #expect(try lines([["default", "-ping"]]) == ["default on nopass sanitize-payload ~* &* +@all -ping"])
        #expect(
            try lines([["default", "nopass"]], requirePassword: "p") == [
                "default reset on nopass sanitize-payload ~* &* +@all"
            ])
    }

    @Test func `are those of other files too, also when they are gone`() throws {
        #expect(
            try lines([["adam"]], included: [["adam", "on"], ["bob"], ["default", "on"]]) == [
                "adam off sanitize-payload resetchannels -@all", "default on nopass sanitize-payload ~* &* +@all",
                "bob reset",
            ])
        #expect(try lines([], included: [["bob"]]) == ["bob reset"])
    }

    /// Their lines would win over what is changed in the other file.
    @Test func `are in the words of the other file as long as they are what it says`() throws {
        let included = [["adam", "on", ">pass", "allcommands"], ["bob", "on"]]
        let changes = [["adam", "+@all", "on", ">pass"], ["bob", "on"], ["carol"]]
        #expect(
            try lines(changes, included: included) == [
                "adam on >pass allcommands", "bob on", "carol off sanitize-payload resetchannels -@all",
            ])
        #expect(
            try lines([["adam", "on", "+@all"], ["bob", "on"]], included: included) == [
                "adam on sanitize-payload resetchannels +@all", "bob on",
            ])
    }

    @Test func `are none where they have a file of their own`() {
        let remembered = RememberedUsers(
            users: nil, implied: .implied(requirePassword: nil), hasRequiredPassword: false, hearsAllByDefault: false,
            included: [])
        #expect(remembered.isEmpty && remembered.declarations == [])
    }
}
