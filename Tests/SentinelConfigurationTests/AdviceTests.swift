// SPDX-License-Identifier: Apache-2.0

import SentinelConfiguration
import SentinelCore
import Testing

/// - Source: issue 4, what `--check-config` warns about.
@Suite struct `Advice on a configuration` {
    private static let first = "sentinel known-sentinel m 10.0.0.8 26379 \(String(repeating: "a", count: 40))\n"
    private static let second = "sentinel known-sentinel m 10.0.0.9 26379 \(String(repeating: "b", count: 40))\n"
    private static let m = MasterName("m")

    private func advice(_ file: String) throws -> [Advice] {
        try read(file).advice(environment: TestEnvironment())
    }

    private func monitor(_ quorum: Int) -> String { "sentinel monitor m 10.0.0.1 6379 \(quorum)\n" }

    @Test func `is silent about a sound configuration`() throws {
        #expect(
            try advice(
                monitor(2) + Self.first + Self.second
                    + """
                    sentinel notification-script m /n.sh
                    sentinel announce-ip 10.0.0.7
                    tls-port 26380
                    tls-replication yes
                    """) == [])
        #expect(
            try advice(
                monitor(2) + Self.first + Self.second
                    + "sentinel resolve-hostnames yes\nsentinel announce-hostnames yes\nsentinel announce-ip s1.local\n"
            )
                == [])
    }

    @Test func `misses a master`() throws { #expect(try advice("port 26379\n") == [.nothingMonitored]) }

    @Test func `warns of one sentinel, of an even number and of a quorum that nobody can reach`() throws {
        #expect(try advice(monitor(1)) == [.alone(Self.m, quorum: 1)])
        #expect(try advice(monitor(3)) == [.alone(Self.m, quorum: 3)])
        #expect(try advice(monitor(2) + Self.first) == [.evenNumber(Self.m, sentinels: 2)])
        #expect(
            try advice(monitor(3) + Self.first) == [
                .quorumTooLarge(Self.m, quorum: 3, sentinels: 2), .evenNumber(Self.m, sentinels: 2),
            ])
        #expect(
            try advice(monitor(4) + Self.first + Self.second) == [.quorumTooLarge(Self.m, quorum: 4, sentinels: 3)])
    }

    @Test func `warns of names that are told but not taken`() throws {
        let base = monitor(2) + Self.first + Self.second
        #expect(try advice(base + "sentinel announce-hostnames yes") == [.namesAnnouncedButNotResolved])
        #expect(try advice(base + "sentinel announce-ip s1.local") == [.announcedName("s1.local")])
    }

    @Test func `warns of links without TLS beside a TLS port`() throws {
        #expect(
            try advice(monitor(2) + Self.first + Self.second + "tls-port 26380") == [.plainLinksBesideTLS(port: 26380)])
    }

    @Test func `warns of a script that the system would let pass but cannot run`() throws {
        var environment = TestEnvironment()
        environment.directories = ["/dir.sh"]
        let file = monitor(2) + Self.first + Self.second + "sentinel client-reconfig-script m /dir.sh\n"
        #expect(
            try read(file).advice(environment: environment) == [.scriptIsNoProgram(Self.m, path: "/dir.sh")])
    }

    @Test func `is a sentence each time`() {
        let all: [Advice] = [
            .nothingMonitored, .alone(Self.m, quorum: 1), .alone(Self.m, quorum: 2),
            .quorumTooLarge(Self.m, quorum: 3, sentinels: 2), .evenNumber(Self.m, sentinels: 2), .announcedName("x"),
            .namesAnnouncedButNotResolved, .plainLinksBesideTLS(port: 1), .scriptIsNoProgram(Self.m, path: "/x"),
        ]
        #expect(all.allSatisfy { $0.text.hasSuffix(".") && !$0.text.contains("\n") })
    }
}
