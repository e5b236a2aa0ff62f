// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Certificates made by the `openssl` program, in a directory of their own, once for all tests of a process.
///
/// By two authorities, `ca` and `other-ca`. Those by `ca`: `server` and `client`, `soon` which expires within thirty
/// days, `expired`, and `locked.key`, the server's key under the pass phrase `geheim`. By the other one: `stranger`.
/// Each is a pair `<name>.crt` and `<name>.key`. `garbage` is none of all that, `dh` holds parameters.
package struct Certificates: Sendable {
    package static let shared = Result { try Certificates() }
    package static let passPhrase = "geheim"

    package let directory: String

    /// The path of a file.
    package subscript(name: String) -> String { "\(directory)/\(name)" }

    package struct Failure: Error {
        package let command: String
    }

    private init() throws {
        directory = Self.directory
        atexit { try? FileManager.default.removeItem(atPath: Certificates.directory) }
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try makeAuthority("ca")
        try makeAuthority("other-ca")
        try make("server", by: "ca", days: 300)
        try make("client", by: "ca", days: 300)
        try make("soon", by: "ca", days: 20)
        try make("expired", by: "ca", days: -1)
        try make("stranger", by: "other-ca", days: 300)
        try openssl(
            "ec", "-in", self["server.key"], "-aes256", "-passout", "pass:\(Self.passPhrase)", "-out",
            self["locked.key"])
        try Data("no certificate\n".utf8).write(to: URL(fileURLWithPath: self["garbage"]))
        try openssl("dhparam", "-dsaparam", "-out", self["dh"], "2048")
    }

    private static let directory = NSTemporaryDirectory() + "sentinel-certificates-\(getpid())"

    private func makeAuthority(_ name: String) throws {
        try openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
            self["\(name).key"], "-out", self["\(name).crt"], "-days", "3650", "-subj", "/CN=\(name)")
    }

    private func make(_ name: String, by authority: String, days: Int) throws {
        try openssl(
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
            self["\(name).key"], "-out", self["\(name).csr"], "-subj", "/CN=\(name)")
        try openssl(
            "x509", "-req", "-in", self["\(name).csr"], "-CA", self["\(authority).crt"], "-CAkey",
            self["\(authority).key"], "-set_serial", "\(Int.random(in: 1...1_000_000_000))", "-days", "\(days)", "-out",
            self["\(name).crt"])
    }

    private func openssl(_ arguments: String...) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        // The tests may be run with another OpenSSL than the program's.
        process.arguments = ["-u", "LD_LIBRARY_PATH", "openssl"] + arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(command: arguments.joined(separator: " ")) }
    }
}

/// Overwrites `target` with the contents of `source`.
package func copy(_ source: String, to target: String) throws {
    try Data(contentsOf: URL(fileURLWithPath: source)).write(to: URL(fileURLWithPath: target))
}
