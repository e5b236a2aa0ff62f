// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestCertificates
import Testing

extension RealServers {
    /// Links of which one end speaks TLS and the other doesn't, and other mistakes, told in the log.
    @Suite struct `Security diagnosis` {
        @Test(.timeLimit(.minutes(1)))
        func `tells once that a plain link leads to a TLS port`() throws {
            try withDataServer(isSecure: true) { data, security in
                try withSentinel(configuration: { port, _ in watching(data, "port \(port)") }, isSecure: false) {
                    sentinel, _ in
                    let complaint =
                        "127.0.0.1:\(data.port) takes connections and ends them without a word: if it listens in TLS, "
                        + "'tls-replication yes' is missing here"
                    try eventually("the log tells", within: .seconds(20)) { sentinel.logTexts().contains(complaint) }
                    try eventually("it goes on trying", within: .seconds(20)) {
                        sentinel.logTexts().contains { $0.hasPrefix("+sdown master data") }
                    }
                    #expect(sentinel.logTexts().count { $0 == complaint } == 1)
                }
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func `tells once that a TLS link leads to a plain port`() throws {
            try withDataServer(isSecure: false) { data, security in
                try withSentinel(
                    configuration: { port, security in
                        watching(data, "port \(port)\ntls-replication yes\n\(security.fileLines())")
                    }, isSecure: false
                ) { sentinel, _ in
                    try eventually("the log tells", within: .seconds(20)) {
                        sentinel.logTexts()
                    } until: { texts in
                        texts.contains { $0.hasPrefix("127.0.0.1:\(data.port) ") && $0.contains("'tls-replication") }
                    }
                    try eventually("it goes on trying", within: .seconds(20)) {
                        sentinel.logTexts().contains { $0.hasPrefix("+sdown master data") }
                    }
                    // What the server makes of a handshake depends on the random bytes in it.
                    #expect(sentinel.logTexts().count { $0.hasPrefix("127.0.0.1:\(data.port) takes") } <= 1)
                    #expect(sentinel.logTexts().count { $0.hasPrefix("127.0.0.1:\(data.port) answers") } <= 1)
                }
            }
        }

        @Test(.timeLimit(.minutes(1)))
        func `tells once whose certificate is not accepted`() throws {
            try withDataServer(isSecure: true) { data, security in
                let files = security.certificates
                try withSentinel(
                    configuration: { port, security in
                        watching(
                            data,
                            "port \(port)\ntls-replication yes\n\(security.fileLines())\n"
                                + "tls-ca-cert-file \(files["other-ca.crt"])")
                    }, isSecure: false
                ) { sentinel, _ in
                    let start =
                        "127.0.0.1:\(data.port) no secure connection: TLS: the certificate of the other end is not accepted"
                    try eventually("the log tells", within: .seconds(20)) {
                        sentinel.logTexts().contains { $0.hasPrefix(start) }
                    }
                    try eventually("it goes on trying", within: .seconds(20)) {
                        sentinel.logTexts().contains { $0.hasPrefix("+sdown master data") }
                    }
                    #expect(sentinel.logTexts().count { $0.hasPrefix(start) } == 1)
                }
            }
        }
    }
}

/// Lines that have a sentinel watch `data` as well.
private func watching(_ data: DataServer, _ lines: String) -> String {
    """
    \(lines)
    sentinel monitor data 127.0.0.1 \(data.port) 1
    sentinel down-after-milliseconds data 2000
    """
}

private func withDataServer(isSecure: Bool, _ body: (DataServer, Security) throws -> Void) throws {
    let security = try Security()
    try withTemporaryDirectory { directory in
        let data = try DataServer(
            name: "data", directory: directory, replicating: nil, security: isSecure ? security : nil)
        defer { data.process.end() }
        try body(data, security)
    }
}
