// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestCertificates
import Testing

extension RealServers {
    /// One sentinel that listens in TLS, and what clients of all kinds get there.
    @Suite struct `Secure port` {
        @Test(.timeLimit(.minutes(1)))
        func `serves those with a certificate, tells its TLS port and hears no others`() throws {
            try withSentinel { sentinel, security in
                let port = "\(sentinel.port)"
                let good = try run("redis-cli", security.clientArguments + ["-p", port, "PING"])
                #expect(good.output == "PONG\n")
                let info = try run("redis-cli", security.clientArguments + ["-p", port, "INFO", "server"])
                #expect(info.output.contains("tcp_port:\(port)\r"))
                let files = security.certificates
                let anonymous = try run("redis-cli", ["--tls", "--cacert", files["ca.crt"], "-p", port, "PING"])
                #expect(anonymous.code != 0 && !anonymous.output.contains("PONG"))
                let stranger = try run(
                    "redis-cli",
                    ["--tls", "--cacert", files["ca.crt"], "--cert", files["stranger.crt"]]
                        + ["--key", files["stranger.key"], "-p", port, "PING"])
                #expect(stranger.code != 0 && !stranger.output.contains("PONG"))
                let directory = ProcessInfo.processInfo.environment["SENTINEL_TEST_OPENSSL_DIRECTORY"] ?? ""
                #expect(sentinel.libraries.contains { $0.contains("\(directory)/libssl") })
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func `is only opened where it is asked for, and else nothing of TLS is loaded`() throws {
            func lines(_ port: UInt16, _: Security) -> String { "port \(port)" }
            try withSentinel(configuration: lines, isSecure: false) { sentinel, _ in
                #expect(sentinel.libraries.contains { $0.contains("libc.so") })
                #expect(!sentinel.libraries.contains { $0.contains("libssl") || $0.contains("libcrypto") })
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func `tells in the log of plaintext on it and of TLS on the plain port, once each`() throws {
            let plain = LoopbackPort.free()
            func lines(_ port: UInt16, _ security: Security) -> String {
                "port \(plain)\ntls-port \(port)\ntls-replication yes\n\(security.fileLines())"
            }
            try withSentinel(configuration: lines) { sentinel, security in
                for _ in 0..<3 {
                    let client = try RedisClient(port: sentinel.port)
                    try client.send(command: ["PING"])
                    #expect(client.isClosedByPeer(within: .seconds(5)))
                    let other = try RedisClient(port: plain, security: security)
                    #expect(throws: RedisClient.Failure.self) { () throws in try other.request("PING") }
                }
                #expect(try RedisClient(port: plain).request("PING") == .simple("PONG"))
                let complaints = sentinel.logTexts().filter { $0.contains("plaintext") }
                #expect(
                    complaints == [
                        "127.0.0.1 speaks plaintext to the TLS port; of a sentinel, a missing 'tls-replication yes' is "
                            + "the likely cause",
                        "127.0.0.1 speaks TLS to the plaintext port, and the TLS port is \(sentinel.port); of a sentinel, "
                            + "its 'tls-replication yes' is the likely cause",
                    ])
            }
        }

        @Test(.timeLimit(.minutes(1)), arguments: ["yes", "no"])
        func `resumes sessions where it may`(isCaching: String) throws {
            func lines(_ port: UInt16, _ security: Security) -> String {
                Security.portLines(port, security) + "\ntls-session-caching \(isCaching)"
            }
            try withSentinel(configuration: lines) { sentinel, security in
                let files = security.certificates
                func connect(_ session: String) throws -> String {
                    let arguments = [
                        "s_client", "-connect", "127.0.0.1:\(sentinel.port)", "-CAfile", files["ca.crt"], "-cert",
                        files["client.crt"], "-key", files["client.key"], session,
                        sentinel.process.directory + "/session",
                    ]
                    return try run("openssl", arguments + ["-tls1_2"]).output
                }
                #expect(try connect("-sess_out").contains("\nNew, TLSv1.2"))
                // Without caching there is no session that could be shown again.
                let second = try connect("-sess_in")
                #expect(second.contains("\nReused, TLSv1.2") == (isCaching == "yes"))
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func `takes new certificates while connections stand`() throws {
            try withTemporaryDirectory { directory in
                let files = try Certificates.shared.get()
                func install(_ name: String) throws {
                    try copy(files["\(name).crt"], to: "\(directory)/now.crt")
                    try copy(files["\(name).key"], to: "\(directory)/now.key")
                }
                try install("server")
                try withSentinel(
                    configuration: { port, security in
                        "port 0\ntls-port \(port)\n\(security.fileLines())\n"
                            + "tls-cert-file \(directory)/now.crt\ntls-key-file \(directory)/now.key"
                    }
                ) { sentinel, security in
                    func subject() throws -> String {
                        try run(
                            "openssl",
                            ["s_client", "-connect", "127.0.0.1:\(sentinel.port)", "-CAfile", files["ca.crt"]]
                        ).output.split(separator: "\n").first { $0.hasPrefix("subject=") }.map(String.init) ?? "none"
                    }
                    let standing = try RedisClient(port: sentinel.port, security: security)
                    #expect(try standing.request("PING") == .simple("PONG"))
                    #expect(try subject() == "subject=CN = server")

                    try install("client")
                    let reloaded = try standing.request("SENTINEL", "CONFIG", "SET", "tls-reload", "now")
                    #expect(reloaded == .simple("OK"))
                    #expect(try subject() == "subject=CN = client")

                    try copy(files["server.crt"], to: "\(directory)/now.crt")
                    let refused = try standing.request("SENTINEL", "CONFIG", "SET", "tls-reload", "now")
                    #expect(
                        refused
                            == .error(
                                "ERR tls-key-file \(directory)/now.key: is not the key of the certificate in "
                                    + "\(directory)/now.crt"))
                    #expect(try subject() == "subject=CN = client")

                    try install("soon")
                    sentinel.process.signal(SIGHUP)
                    try eventually("the certificate is a new one", within: .seconds(10)) {
                        try subject() == "subject=CN = soon"
                    }
                    #expect(try standing.request("PING") == .simple("PONG"))
                    #expect(sentinel.logTexts().contains { $0.contains(": a certificate in it expires in ") })
                }
            }
        }
    }
}

/// A sentinel that listens in TLS and watches a master that is not there.
///
/// - Parameter configuration: Lines about ports and TLS for a port; `nil` for the usual ones.
/// - Parameter addresses: Where it listens, `127.0.0.1` among them.
/// - Parameter isSecure: Whether it is asked whether it lives in TLS.
func withSentinel(
    configuration: ((UInt16, Security) -> String)? = nil, addresses: String = "127.0.0.1", isSecure: Bool = true,
    _ body: (Server, Security) throws -> Void
) throws {
    let security = try Security()
    try withTemporaryDirectory { directory in
        let sentinel = try Server(
            name: "sentinel", directory: directory, executable: SentinelProgram.ours.path(),
            security: isSecure ? security : nil
        ) { port in
            (configuration?(port, security) ?? Security.portLines(port, security))
                + "\nbind \(addresses)\nsentinel monitor mymaster 127.0.0.1 \(LoopbackPort.free()) 1\n"
        }
        defer { sentinel.process.end() }
        do {
            try body(sentinel, security)
        } catch {
            print("The scenario failed: \(error)\n\(sentinel.diagnosis)")
            throw error
        }
    }
}
