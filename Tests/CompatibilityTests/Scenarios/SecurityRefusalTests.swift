// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestCertificates
import Testing

/// TLS that cannot be had as it is configured: no start, one sentence, nothing written.
@Suite(.ownThread) struct `Refused security` {
    struct Mistake: CustomTestStringConvertible, Sendable {
        let testDescription: String
        /// Lines after those of a configuration that would do; `%` stands for the directory of the certificates.
        let lines: String
        let sentence: String
    }

    static let mistakes = [
        Mistake(
            testDescription: "a file that is not there", lines: "tls-cert-file %/absent",
            sentence: "tls-cert-file %/absent: No such file or directory"),
        Mistake(
            testDescription: "a key of another certificate", lines: "tls-key-file %/client.key",
            sentence: "tls-key-file %/client.key: is not the key of the certificate in %/server.crt"),
        Mistake(
            testDescription: "a wrong pass phrase", lines: "tls-key-file %/locked.key\ntls-key-file-pass hunter2",
            sentence: "tls-key-file %/locked.key: the pass phrase of tls-key-file-pass is wrong"),
        Mistake(
            testDescription: "an expired certificate",
            lines: "tls-cert-file %/expired.crt\ntls-key-file %/expired.key",
            sentence: "tls-cert-file %/expired.crt: the certificate has expired"),
        Mistake(
            testDescription: "protocols nobody knows", lines: "tls-protocols SSLv2",
            sentence: "tls-protocols \"SSLv2\": has to be made of TLSv1, TLSv1.1, TLSv1.2 and TLSv1.3"),
    ]

    @Test(.timeLimit(.minutes(1)), arguments: mistakes)
    func `tells the file and what is wrong, in the log and when checking`(mistake: Mistake) throws {
        let security = try Security()
        let fill = { (text: String) in text.replacing("%", with: security.certificates.directory) }
        let text = """
            \(Security.portLines(LoopbackPort.free(), security))
            \(fill(mistake.lines))
            sentinel monitor mymaster 127.0.0.1 6379 1

            """
        let started = try runSentinel(text)
        #expect(started.code == 1)
        #expect(started.output.hasSuffix(" # Failed to configure TLS: \(fill(mistake.sentence))\n"))
        #expect(started.file == text)
        let checked = try runSentinel(text, ["--check-config"])
        #expect(checked.code == 1)
        #expect(checked.errors.hasSuffix("Failed to configure TLS: \(fill(mistake.sentence))\n"))
        #expect(!(started.output + started.errors + checked.output + checked.errors).contains("hunter2"))
    }

    @Test(.timeLimit(.minutes(1)))
    func `is not one that ends soon, but checking warns of it`() throws {
        let security = try Security()
        let files = security.certificates
        let text = """
            tls-port 1
            \(security.fileLines(certificate: "soon"))
            sentinel monitor mymaster 127.0.0.1 6379 1

            """
        let checked = try runSentinel(text, ["--check-config"])
        #expect(checked.code == 0)
        #expect(checked.errors.contains("tls-cert-file \(files["soon.crt"]): a certificate in it expires in "))
        #expect(checked.file == text)
    }

    private func runSentinel(
        _ text: String, _ arguments: [String] = []
    ) throws -> (code: Int32, output: String, errors: String, file: String) {
        try withTemporaryDirectory { directory in
            let path = directory + "/sentinel.conf"
            try text.write(toFile: path, atomically: false, encoding: .utf8)
            let process = try ServerProcess(
                name: "sentinel", directory: directory, executable: SentinelProgram.ours.path(),
                arguments: [path] + arguments)
            defer { process.end() }
            try process.start()
            let code = try process.waitForExit(within: .seconds(10))
            let file = String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
            return (code, process.log(), process.errors(), file)
        }
    }
}
