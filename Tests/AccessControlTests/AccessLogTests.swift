// SPDX-License-Identifier: Apache-2.0

import CommandCatalogue
import Testing

@testable import AccessControl

@Suite struct `The access log` {
    private func note(_ users: String..., in log: inout AccessLog, at now: Int) {
        for user in users {
            log.note(.authentication(command: "auth"), user: UserName(user), client: "c\(now)", at: now)
        }
    }

    private func shown(_ log: AccessLog) -> [String] { log.entries.map { "\($0.user) \($0.count) \($0.id)" } }

    /// As 8.2.3 behaved when asked at these times.
    @Test func `counts what comes again within a minute of the last time`() {
        var log = AccessLog()
        note("A", "B", "C", in: &log, at: 0)
        note("A", in: &log, at: 40_000)
        #expect(shown(log) == ["A 2 0", "C 1 2", "B 1 1"])
        note("C", in: &log, at: 58_001)
        #expect(shown(log) == ["C 2 2", "A 2 0", "B 1 1"])
        note("B", in: &log, at: 62_000)
        #expect(shown(log) == ["B 1 3", "C 2 2", "A 2 0", "B 1 1"])
        note("A", in: &log, at: 80_003)
        #expect(shown(log) == ["A 3 0", "B 1 3", "C 2 2", "B 1 1"])
        let latest = log.entries.first
        #expect(latest?.client == "c80003" && latest?.createdAt == 0 && latest?.updatedAt == 80_003)
        #expect(latest?.ageSeconds(at: 80_503) == 0.5 && latest?.ageSeconds(at: 0) == 0)
    }

    @Test func `remembers only so much of a name`() {
        var log = AccessLog()
        let long = String(repeating: "x", count: AccessLog.longestName)
        note(long + "1", long + "2", in: &log, at: 0)
        #expect(shown(log) == ["\(long) 2 0"])
        log.note(.channel(bytes(long + "1")), user: UserName("A"), client: "c", at: 0)
        #expect(log.entries.first?.refusal.object == bytes(long))
    }

    @Test(arguments: [(10, 10), (11, 12)])
    func `looks at ten entries`(before: Int, after: Int) {
        var log = AccessLog()
        for number in 0..<before { note("u\(number)", in: &log, at: number) }
        note("u0", in: &log, at: 100)
        #expect(log.entries.count == after)
    }

    @Test func `tells refusals apart`() throws {
        var log = AccessLog()
        let info = try #require(Catalogue.command(named: bytes("info")[...]))
        let user = UserName("u")
        for refusal in [
            AccessLog.Refusal.authentication(command: "auth"), .authentication(command: "hello"), .command(info),
            .channel(bytes("info")), .command(info),
        ] {
            log.note(refusal, user: user, client: "", at: 0)
        }
        #expect(
            log.entries.map { "\($0.refusal.reason) \(text($0.refusal.object)) \($0.count)" } == [
                "command info 2", "channel info 1", "auth HELLO 1", "auth AUTH 1",
            ])
    }

    @Test func `forgets the oldest, and all when told`() {
        var log = AccessLog(maximumLength: 2)
        note("a", "b", "c", in: &log, at: 0)
        #expect(shown(log) == ["c 1 2", "b 1 1"])
        log.removeAll()
        note("d", in: &log, at: 0)
        #expect(shown(log) == ["d 1 3"])
        var none = AccessLog(maximumLength: 0)
        note("a", in: &none, at: 0)
        #expect(none.entries.isEmpty)
    }
}

@Suite struct `A generated password` {
    @Test(arguments: [
        (1, 1, "4"), (4, 1, "4"), (5, 1, "41"), (8, 1, "41"), (9, 2, "414"), (256, 32, nil), (4096, 512, nil),
    ])
    func `has a digit for four bits`(bits: Int, random: Int, expected: String?) throws {
        let password = try #require(GeneratedPassword(bits: bits))
        #expect(password.randomByteCount == random)
        let text = password.text(random: [UInt8](repeating: 0x41, count: random))
        #expect(text.utf8.count == (bits + 3) / 4)
        if let expected { #expect(text == expected) }
    }

    @Test(arguments: [0, -1, 4097, .max, .min])
    func `has limits`(bits: Int) {
        #expect(GeneratedPassword(bits: bits) == nil)
        #expect(GeneratedPassword()?.randomByteCount == 32)
        #expect(
            GeneratedPassword.badBits
                == "ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to 4096"
        )
    }
}
