// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AccessControl

@Suite struct `An ACL file` {
    static let open = "user default on nopass sanitize-payload ~* &* +@all"

    /// As ACL LOAD and LIST of 8.2.3 answer.
    @Test(arguments: [
        ("", []), ("␊␊", []), ("user a on", ["user a on sanitize-payload resetchannels -@all"]),
        ("  user a on  ␊", ["user a on sanitize-payload resetchannels -@all"]),
        (
            "user a on␍␊user b off␍␊",
            ["user a on sanitize-payload resetchannels -@all", "user b off sanitize-payload resetchannels -@all"]
        ),
        ("user a␊", ["user a off sanitize-payload resetchannels -@all"]),
        ("user \"a\" on␊", ["user \"a\" on sanitize-payload resetchannels -@all"]),
        ("user a  on   +ping␊", ["user a on sanitize-payload resetchannels -@all +ping"]),
        (
            "user a (+ping ~a) (+info)␊",
            [
                "user a off sanitize-payload resetchannels -@all (~a resetchannels -@all +ping) (resetchannels -@all +info)"
            ]
        ),
        ("user a -@all +@all -ping␊", ["user a off sanitize-payload resetchannels +@all -ping"]),
        ("user a on +@all ~* &* nopass", ["user a on nopass sanitize-payload ~* &* +@all"]),
    ])
    func `holds users`(content: String, lines: [String]) throws {
        let users = try UserFile.users(text: bytes(real(content)), path: "f")
        #expect(users.lines == lines + [Self.open])
        let saved = UserFile.text(users)
        #expect(text(saved) == (lines + [Self.open]).map { $0 + "\n" }.joined())
        #expect(try UserFile.users(text: saved, path: "f") == users)
    }

    @Test func `says all about the default user`() throws {
        let users = try UserFile.users(text: bytes("user default on >pw\n"), path: "f", requirePassword: bytes("x"))
        #expect(users.lines.map { $0.hasSuffix(" resetchannels -@all") } == [true])
        #expect(users.authenticate(password: bytes("pw")[...]) == .accepted(.default))
        #expect(users.authenticate(password: bytes("x")[...]) == .refused(.default))
    }

    @Test func `leaves requirepass in force when it is silent about the default user`() throws {
        let users = try UserFile.users(text: bytes("user a on\n"), path: "f", requirePassword: bytes("x"))
        #expect(users.needAuthentication)
    }

    /// As ACL LOAD of 8.2.3 answers, the end that is always the same cut off.
    @Test(arguments: [
        ("# comment␊", "/f:1 should start with user keyword followed by the username. "),
        ("user␊", "/f:1 should start with user keyword followed by the username. "),
        ("USER a on␊", "/f:1 should start with user keyword followed by the username. "),
        ("user a on␊user a off␊", "WARNING: Duplicate user 'a' found on line 2. "),
        ("user a foo␊", "/f:1: Syntax error. "), ("user a foo bar #x␊", "/f:1: Syntax error. "),
        (
            "user a +nope -nope␊",
            "/f:1: Error in applying operation '+nope': Unknown command or category name in ACL. "
                + "/f:1: Error in applying operation '-nope': Unknown command or category name in ACL. "
        ),
        (
            "user a +nope foo -nix␊",
            "/f:1: Error in applying operation '+nope': Unknown command or category name in ACL. /f:1: Syntax error. "
                + "/f:1: Error in applying operation '-nix': Unknown command or category name in ACL. "
        ),
        ("user a on foo␊user b bar␊", "/f:1: Syntax error. /f:2: Syntax error. "),
        (
            "user a on␊bad␊user c nope␊",
            "/f:2 should start with user keyword followed by the username. /f:3: Syntax error. "
        ),
        ("user a on >\"x y\"␊", "/f:1: Syntax error. "), ("user a on␉+ping␊", "/f:1: Syntax error. "),
        (
            "user a (+ping ~a␊user b (~a␊",
            "/f:1: Unmatched parenthesis in selector definition./f:2: Unmatched parenthesis in selector definition."
        ),
        ("user a )␊", "/f:1: Syntax error. "), ("user a (on)␊", "/f:1: Syntax error. "),
        ("user a <x␊", "/f:1: \(RuleProblem.noSuchPassword.text). "),
        ("user a #abc␊", "/f:1: \(RuleProblem.badHash.text). "),
        ("user a ~*  ~a␊", "/f:1: \(RuleProblem.keyAfterAll.text). "),
        ("user a +client|id|x␊", "/f:1: \(RuleProblem.firstArgumentOfSubcommand.text). "),
        ("user a␉b on␊", "'/f:1: username 'a␉b' contains invalid characters. "),
        ("user  a on␊", "/f:1: Syntax error. "), ("user a on␀ off␊", "/f:1: Syntax error. "),
        ("user a on␍x␊", "/f:1: Syntax error. "),
        ("user a on ) (+x␊", "/f:1: Unmatched parenthesis in selector definition."),
    ])
    func `is refused whole`(content: String, errors: String) {
        let end = "WARNING: ACL errors detected, no change to the previously active ACL rules was performed"
        let error = refusal { _ = try UserFile.users(text: bytes(real(content)), path: "/f") }
        #expect(error == "ERR " + real(errors) + end)
    }

    @Test func `shows no password in an error`() {
        let error = refusal { _ = try UserFile.users(text: bytes("user a (+nope >hunter2) <hunter2\n"), path: "f") }
        #expect(error?.contains("'(+nope >******)'") == true && error?.contains("hunter2") == false)
    }
}

@Suite struct `A user line of the configuration` {
    private func declare(_ lines: [String]...) throws -> Users {
        var users = Users(requirePassword: bytes("pass"))
        try users.declare(lines.map { $0.map(bytes) })
        return users
    }

    @Test func `makes a user`() throws {
        let users = try declare(["alice", "on", ">x y", "(+ping", "~a)", "+@all"], ["bob"])
        let hash = "#887fcea6a80333c6c02ae7e79735f0edad8d811f0b61431495f796f4bf6a7c19"
        #expect(
            try users.line("alice")
                == "user alice on sanitize-payload \(hash) resetchannels +@all (~a resetchannels -@all +ping)")
        #expect(try !users.user("bob").isEnabled)
        #expect(users.needAuthentication)
    }

    @Test func `says all about the default user`() throws {
        var users = try declare(["default", "on", ">pw"])
        #expect(users.authenticate(password: bytes("pw")[...]) == .accepted(.default))
        #expect(users.authenticate(password: bytes("pass")[...]) == .refused(.default))
        #expect(try users.verdict("default", "info") != .allowed)
        // What the caller does to let requirepass win.
        users.require(password: bytes("pass"))
        #expect(users.authenticate(password: bytes("pass")[...]) == .accepted(.default))
    }

    @Test(arguments: [
        (["on", "foo"], "Error in user declaration 'foo': Syntax error"),
        (["<hunter2"], "Error in user declaration '<******': \(RuleProblem.noSuchPassword.text)"),
        (["(+ping"], "Error in user declaration '(+ping': Unmatched parenthesis in selector definition."),
        (
            ["on", "+nope"],
            "Error loading ACL rule '+nope' for the user named 'alice': Unknown command or category name in ACL"
        ),
    ])
    func `is refused`(modifiers: [String], error: String) {
        #expect(refusal { _ = try declare(["alice"] + modifiers) } == error)
    }

    @Test func `stands for one user alone`() {
        #expect(
            refusal { _ = try declare(["alice", "on"], ["alice", "off"]) }
                == "Error in user declaration 'alice': Duplicate user found. A user can only be defined once in config files"
        )
        #expect(refusal { _ = try declare(["a b", "on"]) } == "Spaces not allowed in ACL usernames")
    }
}
