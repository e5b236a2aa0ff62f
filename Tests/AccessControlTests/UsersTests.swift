// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AccessControl

@Suite struct `The users` {
    @Test func `begin with a default user that may do everything`() {
        #expect(Users().lines == ["user default on nopass sanitize-payload ~* &* +@all"])
        #expect(!Users().needAuthentication)
    }

    @Test func `take the password of requirepass`() throws {
        var users = Users(requirePassword: bytes("foo"))
        let hash = "#2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"
        #expect(users.lines == ["user default on sanitize-payload \(hash) ~* &* +@all"])
        #expect(users.needAuthentication)
        #expect(users[.default] == .implied(requirePassword: bytes("foo")))
        users.require(password: bytes("bar"))
        #expect(users.authenticate(password: bytes("foo")[...]) == .refused(.default))
        #expect(users.authenticate(password: bytes("bar")[...]) == .accepted(.default))
        users.require(password: [])
        #expect(users == Users())
        #expect(Users(requirePassword: []) == Users())
    }

    @Test func `demand a password when the default user is off or has lost its freedom`() throws {
        for modifier in ["off", "resetpass", "reset", ">a"] {
            #expect(try Users.with("default", modifier).needAuthentication)
        }
    }

    @Test func `are listed by bytes`() throws {
        var users = try Users.with("b", "on")
        try users.set("a")
        try users.set("Z")
        try users.set("")
        #expect(users.names.map(\.description) == ["", "Z", "a", "b", "default"])
    }

    @Test func `can be deleted, but for the default user`() throws {
        var users = try Users.with("a")
        try users.set("b")
        #expect(try users.delete([UserName("a"), UserName("nope")]) == [UserName("a")])
        let error = refusal { _ = try users.delete([UserName("b"), .default]) }
        #expect(error == "ERR The 'default' user cannot be removed")
        #expect(users.names == [UserName("b"), .default])
        #expect(try users.delete([UserName("a")]).isEmpty)
    }
}

@Suite struct `Authentication` {
    static let wrong = "WRONGPASS invalid username-password pair or user is disabled."

    /// Else whoever may do nothing but log in could stop everything for as long as the hashing takes.
    @Test func `does not look at what is longer than anybody's`() throws {
        let longest = Array(repeating: UInt8(ascii: "x"), count: Users.longestCredential)
        var users = Users(requirePassword: longest)
        #expect(users.authenticate(password: longest[...]) == .accepted(.default))
        users.require(password: longest + [0x78])
        #expect(users.authenticate(password: (longest + [0x78])[...]) == .refused(.default))
        #expect(Users().authenticate(.default, password: (longest + [0x78])[...]) == .accepted(.default))
    }

    @Test func `without a name is about the default user`() throws {
        let open = Users().authenticate(password: bytes("x")[...])
        #expect(open == .noPasswordToCheck)
        #expect(
            open.error == "ERR AUTH <password> called without any password configured for the default user. Are you "
                + "sure your configuration is correct?")
        // Also when the user is off.
        #expect(try Users.with("default", "off").authenticate(password: bytes("x")[...]) == .noPasswordToCheck)
        let closed = try Users.with("default", "reset", "on").authenticate(password: bytes("x")[...])
        #expect(closed == .refused(.default))
    }

    @Test(arguments: [
        (["on", ">pw"], "pw", true), (["on", ">pw"], "Pw", false), (["on", ">pw"], "", false),
        (["on", ">a", ">b"], "a", true), (["on", ">a", ">b"], "b", true), (["on", ">a", ">b", "<a"], "a", false),
        (["off", ">pw"], "pw", false), (["on", "nopass"], "anything", true), (["off", "nopass"], "x", false),
        (["on"], "", false), (["on", ">pw", "resetpass"], "pw", false), (["on", ">"], "", true),
        (["on", "#2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"], "foo", true),
    ])
    func `with a name`(modifiers: [String], password: String, isAccepted: Bool) throws {
        var users = Users()
        try users.set("u", all: modifiers)
        let answer = users.authenticate(UserName("u"), password: bytes(password)[...])
        #expect(answer == (isAccepted ? .accepted(UserName("u")) : .refused(UserName("u"))))
        #expect(answer.error == (isAccepted ? nil : Self.wrong))
    }

    @Test func `of nobody fails`() {
        #expect(Users().authenticate(UserName("nobody"), password: bytes("x")[...]).error == Self.wrong)
        #expect(Users().authenticate(.default, password: bytes("x")[...]) == .accepted(.default))
    }
}

@Suite struct `Users that another file changes` {
    private func users(_ lines: String...) throws -> Users {
        try UserFile.users(text: bytes(lines.joined(separator: "\n")), path: "f")
    }

    @Test func `are those that are gone or say something else`() throws {
        let former = try users("user a on >x", "user b on >x", "user c on >x", "user d on >x", "user e +ping (+info)")
        let now = try users("user a on >x", "user b on >y", "user c off >x", "user e +ping (+role)", "user f on >x")
        #expect(now.changed(since: former) == Set(["b", "c", "d", "e"].map { UserName($0) }))
        #expect(former.changed(since: former) == [])
    }

    @Test func `are not those that say the same in other words`() throws {
        let former = try users("user a on >x ~k +ping|a +ping|b +ping|a")
        let now = try users("user a +ping|b >y >x <y allkeys resetkeys ~k +ping|a on")
        #expect(try former.user("a") != now.user("a"))
        #expect(now.changed(since: former) == [])
    }

    @Test func `may be the default user`() throws {
        #expect(try users("user default on >x").changed(since: Users()) == [.default])
        #expect(try Users().changed(since: users("user default on >x")) == [.default])
    }
}

@Suite struct `Passwords` {
    @Test func `are in no description`() throws {
        let users = try Users.with("u", "on", ">hunter2", "(+ping)")
        let hash = PasswordHash(of: bytes("hunter2"))
        var dumped = ""
        dump(users, to: &dumped)
        dump(hash, to: &dumped)
        for shown in ["\(users)", String(reflecting: users), dumped, "\(hash)", String(reflecting: hash)] {
            #expect(!shown.contains("hunter2") && !shown.contains(hash.hexadecimal))
            // Nor the hash as numbers.
            #expect(!shown.contains(SHA256.digest(bytes("hunter2")).prefix(4).map(String.init).joined(separator: ", ")))
        }
    }

    @Test(arguments: [
        (
            ["<hunter2"],
            "Error in ACL SETUSER modifier '<******': The password you are trying to remove from the user "
                + "does not exist"
        ),
        (["(+ping >hunter2)"], "Error in ACL SETUSER modifier '(+ping >******)': Syntax error"),
        (["(>hunter2", "+ping)"], "Error in ACL SETUSER modifier '(>******)': Syntax error"),
        (["(>hunter2 hunter3)"], "Error in ACL SETUSER modifier '(>******)': Syntax error"),
        (
            ["<hunter2 hunter3"],
            "Error in ACL SETUSER modifier '<******': The password you are trying to remove from the user "
                + "does not exist"
        ),
        (["#hunter2 hunter3"], "Error in ACL SETUSER modifier '#******': \(RuleProblem.badHash.text)"),
        (["!hunter2"], "Error in ACL SETUSER modifier '!******': \(RuleProblem.badHash.text)"),
        (["(~a !hunter2 +ping)"], "Error in ACL SETUSER modifier '(~a !******)': Syntax error"),
        (["on >hunter2 ~* +ping"], "Error in ACL SETUSER modifier 'on >******': Syntax error"),
        (["on\t#hunter2"], "Error in ACL SETUSER modifier 'on\t#******': Syntax error"),
        (["nosuch\0>hunter2"], "Error in ACL SETUSER modifier 'nosuch': Syntax error"),
        (["(<hunter2 hunter3", "on"], "Unmatched parenthesis in acl selector starting at '(<******'."),
        (["(<hunter2)"], "Error in ACL SETUSER modifier '(<******)': Syntax error"),
        (["(>hunter2", "on"], "Unmatched parenthesis in acl selector starting at '(>******'."),
    ])
    func `are in no error`(modifiers: [String], error: String) {
        var users = Users()
        #expect(refusal { try users.set("u", all: modifiers) } == "ERR " + error)
    }
}
