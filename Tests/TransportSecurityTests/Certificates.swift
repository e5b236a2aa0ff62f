// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Certificates made by the `openssl` program, in a directory of their own, once for all tests.
struct Certificates {
    static let shared: Certificates? = {
        atexit { Certificates.remove() }
        return try? Certificates()
    }()

    let directory: String

    subscript(name: String) -> String { "\(directory)/\(name)" }

    private init() throws {
        directory = Self.directory
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try authority("ca")
        try authority("other-ca")
        try certificate("server", by: "ca", days: 300)
        try certificate("client", by: "ca", days: 300)
        try certificate("soon", by: "ca", days: 20)
        try certificate("expired", by: "ca", days: -1)
        try certificate("stranger", by: "other-ca", days: 300)
        try openssl("ec", "-in", self["server.key"], "-aes256", "-passout", "pass:geheim", "-out", self["locked.key"])
        try Data("no certificate\n".utf8).write(to: URL(fileURLWithPath: self["garbage"]))
        try openssl("dhparam", "-dsaparam", "-out", self["dh"], "2048")
    }

    private nonisolated static var directory: String { NSTemporaryDirectory() + "tls-tests-\(getpid())" }

    private nonisolated static func remove() { try? FileManager.default.removeItem(atPath: directory) }

    private func authority(_ name: String) throws {
        try openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
            self["\(name).key"], "-out", self["\(name).crt"], "-days", "3650", "-subj", "/CN=\(name)")
    }

    private func certificate(_ name: String, by authority: String, days: Int) throws {
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
        process.arguments = ["openssl"] + arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "openssl \(arguments.joined(separator: " "))")
    }
}
