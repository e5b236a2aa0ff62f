// SPDX-License-Identifier: Apache-2.0

import CommandCatalogue
import RESP
import Testing

@testable import AccessControl

@Suite struct `Permissions` {
    /// As ACL DRYRUN of 8.2.3 answers: the modifiers, the request, and the command or channel refused.
    @Test(arguments: [
        ("+ping", "ping", ""), ("+ping", "PING a", ""), ("+ping", "info", "info"),
        ("+ping", "SENTINEL masters", "sentinel|masters"), ("", "auth x", ""), ("-@all", "hello", ""),
        ("-auth", "auth x", ""), ("-@all", "quit", ""), ("-@all", "reset", ""),
        ("+client|id", "client id", ""), ("+client|id", "client info", "client|info"),
        ("+client|id", "command", "command"),
        ("+client", "client kill x", ""), ("+client -client|kill", "client kill x", "client|kill"),
        ("-client|kill +client", "client kill x", ""), ("+@all -client +client|id", "client id", ""),
        ("+@all -client +client|id", "client info", "client|info"),
        ("+@all -client|kill -@connection &a", "client id", "client|id"),
        ("+@all -client|kill -@connection &a", "acl cat", ""), ("+@connection", "client list", ""),
        ("+@connection", "acl whoami", "acl|whoami"), ("+@connection", "unsubscribe a", "unsubscribe"),
        ("+@connection +@pubsub", "punsubscribe a", ""), ("+@all -@dangerous", "info", "info"),
        ("+@all -@dangerous", "sentinel help", ""), ("+@all -@dangerous", "sentinel myid", "sentinel|myid"),
        ("+@all -@dangerous +sentinel|get-master-addr-by-name", "sentinel get-master-addr-by-name m", ""),
        // Two names of the same thing.
        ("+@all -sentinel|masters", "sentinel primaries", "sentinel|primaries"),
        ("+@all -sentinel|masters", "sentinel primary m", ""),
        ("+@all -sentinel|primaries", "sentinel masters", "sentinel|masters"),
        (
            "+@all -sentinel|is-master-down-by-addr", "sentinel is-primary-down-by-addr h 1 2 id",
            "sentinel|is-primary-down-by-addr"
        ),
        ("+sentinel|master", "sentinel primary m", ""), ("+sentinel|primary", "sentinel master m", ""),
        ("+sentinel|get-master-addr-by-name", "sentinel get-primary-addr-by-name m", ""),
        ("-sentinel|masters +sentinel|primaries", "sentinel masters", ""),
        ("+sentinel|primaries -sentinel|masters", "sentinel primaries", "sentinel|primaries"),
        ("+ping (+sentinel|masters)", "sentinel primaries", ""),
        ("+sentinel|replicas", "sentinel slaves m", "sentinel|slaves"),
        // First arguments.
        ("+ping|x", "ping", "ping"), ("+ping|x", "ping x", ""), ("+ping|x", "ping X", ""),
        ("+ping|x", "ping y", "ping"),
        ("+ping|x +ping|y", "ping y", ""), ("+ping|x -ping", "ping x", "ping"), ("+ping|x -@fast", "ping x", "ping"),
        ("+@fast -ping +ping|x", "ping x", ""), ("+@fast -ping +ping|x", "ping", "ping"),
        ("+ping|x -@all", "ping x", "ping"),
        // Channels.
        ("+subscribe &a*", "subscribe abc", ""), ("+subscribe &a*", "subscribe abc xbc", "#xbc"),
        ("+psubscribe &a*", "psubscribe abc", "#abc"), ("+psubscribe &a*", "psubscribe a*", ""),
        ("+psubscribe &a* &b", "psubscribe A*", "#A*"), ("+psubscribe &a* &b", "psubscribe b a* zz", "#zz"),
        ("+publish &a*", "publish abc x", ""), ("+publish &a*", "publish xbc x", "#xbc"),
        ("+publish &a*", "publish xbc abc", "#xbc"), ("+unsubscribe &a*", "unsubscribe zzz", ""),
        ("+@all &A*", "subscribe abc", "#abc"), ("+@all &A*", "subscribe Abc", ""), ("+@all", "subscribe a", "#a"),
        ("+@pubsub", "psubscribe *", "#*"), ("+@pubsub allchannels", "psubscribe *", ""),
        ("+subscribe &[ab]", "subscribe b", ""),
        // Selectors.
        ("+ping (+publish &a) (+info)", "info", ""), ("+ping (+publish &a) (+info)", "role", "role"),
        ("+ping (+publish &a) (+info)", "publish a x", ""), ("+ping (+publish &a) (+info)", "publish b x", "#b"),
        ("-publish (+publish &a) (+publish &b)", "publish b x", ""),
        ("-publish (+publish &a) (+publish &b)", "publish c x", "#c"), ("+publish (-publish)", "publish c x", "#c"),
        ("+publish (allchannels)", "publish c x", "#c"), ("(+@all) -@all", "info", ""),
        ("+subscribe (+subscribe &a) (+subscribe &a &b)", "subscribe a b", ""),
        ("+subscribe (+subscribe &a) (+subscribe &a &b)", "subscribe a c", "#c"),
        ("+subscribe (+subscribe &a) (+subscribe &a &b)", "subscribe b c", "#c"),
        ("+subscribe (+subscribe &a) (+subscribe &a &b)", "subscribe c a", "#c"),
    ])
    func `follow the rules`(modifiers: String, words: String, refused: String) throws {
        var users = Users()
        try users.set("u", all: modifiers.split(separator: " ").map(String.init))
        let request = Request(words.split(separator: " ").map { bytes(String($0)) })
        let command = try command(request)
        let verdict = try users.user("u").check(command, request)
        let dryRun = users.dryRun(UserName("u"), request, CommandNames(renaming: []))
        if refused.isEmpty {
            #expect(verdict == .allowed && verdict.error(for: UserName("u")) == nil)
            #expect(dryRun == .allowed)
            #expect(AccessLog.Refusal(verdict) == nil)
        } else if refused.hasPrefix("#") {
            let channel = String(refused.dropFirst())
            #expect(verdict == .channelRefused(bytes(channel)))
            #expect(verdict.error(for: UserName("u")).map(text) == "NOPERM No permissions to access a channel")
            #expect(dryRun == .refused(bytes("User u has no permissions to access the '\(channel)' channel")))
            #expect(AccessLog.Refusal(verdict) == .channel(bytes(channel)))
        } else {
            #expect(verdict == .commandRefused(command))
            let reason = "User u has no permissions to run the '\(refused)' command"
            #expect(verdict.error(for: UserName("u")).map(text) == "NOPERM " + reason)
            #expect(dryRun == .refused(bytes(reason)))
            #expect(AccessLog.Refusal(verdict) == .command(command))
        }
    }

    @Test func `of the default user are unlimited`() throws {
        for command in Catalogue.entries {
            let request = request(command.ownName, "x", "y")
            #expect(try Users().user("default").check(command, request) == .allowed)
        }
    }

    /// Each command is in the set of each of its categories, and in no other.
    @Test(arguments: CommandCategory.allCases)
    func `by category cover its commands`(category: CommandCategory) throws {
        let users = try Users.with("u", "allchannels", "+@\(category.name)")
        for command in Catalogue.entries {
            let isAllowed = try users.user("u").check(command, request("x")) == .allowed
            #expect(isAllowed == (command.categories.contains(category) || command.isAlwaysAllowed), "\(command)")
        }
    }

    @Test func `to listen may end`() throws {
        let user = try Users.with("u", "&a*", "(&b)").user("u")
        #expect(user.mayListen(toChannel: bytes("abc")[...]) && user.mayListen(toChannel: bytes("b")[...]))
        #expect(!user.mayListen(toChannel: bytes("c")[...]))
        #expect(user.mayListen(toPattern: bytes("a*")[...]) && user.mayListen(toPattern: bytes("b")[...]))
        #expect(!user.mayListen(toPattern: bytes("ab")[...]))
    }
}

@Suite struct `A dry run` {
    @Test(arguments: [
        ("nope", ["ping"], "ERR User 'nope' not found"), ("default", ["nope"], "ERR Command 'nope' not found"),
        ("default", ["client", "nope"], "ERR Command 'client' not found"),
        ("default", ["client"], "ERR wrong number of arguments for 'client' command"),
        ("default", ["sentinel", "masters", "x"], "ERR wrong number of arguments for 'sentinel|masters' command"),
        ("a\0b", ["ping"], "ERR User 'a' not found"), ("default", ["a\0b"], "ERR Command 'a' not found"),
        ("default", ["AUTH"], "ERR wrong number of arguments for 'auth' command"),
    ])
    func `fails`(user: String, words: [String], error: String) {
        #expect(
            Users().dryRun(UserName(user), Request(words.map(bytes)), CommandNames(renaming: []))
                == .error(ErrorText(error)))
    }

    @Test func `works for a container that means something alone`() {
        #expect(Users().dryRun(.default, request("command"), CommandNames(renaming: [])) == .allowed)
    }
}

@Suite struct `Categories` {
    @Test func `are listed`() {
        #expect(
            CategoryListing.names == [
                "keyspace", "read", "write", "set", "sortedset", "list", "hash", "string", "bitmap", "hyperloglog",
                "geo",
                "stream", "pubsub", "admin", "fast", "slow", "blocking", "dangerous", "connection", "transaction",
                "scripting",
            ])
        #expect(
            CategoryListing.commands(of: bytes("PubSub")[...]) == [
                "subscribe", "psubscribe", "unsubscribe", "punsubscribe", "publish",
            ])
        #expect(CategoryListing.commands(of: bytes("geo")[...]) == [])
        #expect(CategoryListing.commands(of: bytes("all")[...]) == nil)
    }

    /// - Source: redis-sentinel 7.0.15.
    @Test(arguments: [
        ("sentinel", "sentinel"), ("a\0b", "a"),
        (String(repeating: "x", count: 129), String(repeating: "x", count: 128)),
    ])
    func `there are not are told as far as the original tells them`(name: String, told: String) {
        #expect(CategoryListing.unknown(bytes(name)[...]).description == "ERR Unknown category '\(told)'")
    }
}
