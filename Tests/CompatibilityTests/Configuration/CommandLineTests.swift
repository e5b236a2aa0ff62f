// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestCertificates
import Testing

/// - Source: spec/config-and-process.md 4; issue 4, command line.
@Suite(.ownThread) struct `Starting from the command line` {
    private struct End {
        let code: Int32
        let output: String
        let errors: String
    }

    /// Runs our program until it ends.
    private func run(_ arguments: [String], in directory: String) throws -> End {
        let process = try ServerProcess(
            name: "sentinel", directory: directory + "/" + UUID().uuidString, executable: SentinelProgram.ours.path(),
            arguments: arguments)
        try process.start()
        defer { process.end() }
        let code = try process.waitForExit(within: .seconds(20))
        return End(code: code, output: process.log(), errors: process.errors())
    }

    @Test(.timeLimit(.minutes(1)), arguments: ["--version", "-v"])
    func `says its version in the original's form`(option: String) throws {
        try withTemporaryDirectory { directory in
            let end = try run([option], in: directory)
            #expect(end.code == 0 && end.errors.isEmpty)
            #expect(end.output.hasPrefix("Redis server v=7.2.0 sha=") && end.output.hasSuffix("\n"))
            for part in [" malloc=", " bits=64 ", " build=swift-sentinel-"] { #expect(end.output.contains(part)) }
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: ["--help", "-h"])
    func `explains itself on standard error, with status 1 as the original`(option: String) throws {
        try withTemporaryDirectory { directory in
            let end = try run([option], in: directory)
            #expect(end.code == 1 && end.output.isEmpty)
            for part in ["Usage: redis-sentinel FILE", "--check-config", "--sentinel monitor", "state-file"] {
                #expect(end.errors.contains(part))
            }
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `takes options as container entry points write them`() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/sentinel.conf"
            try "port 1\n".write(toFile: path, atomically: false, encoding: .utf8)
            let port = LoopbackPort.free()
            let process = try ServerProcess(
                name: "sentinel", directory: directory + "/run", executable: SentinelProgram.ours.path(),
                arguments: [
                    path, "--port", "\(port)", "--sentinel", "monitor", "m", "127.0.0.1", "6379", "1", "--sentinel",
                    "down-after-milliseconds", "m", "1234", "--bind", "127.0.0.1",
                ])
            try process.start()
            defer { process.end() }
            try eventually("it answers", within: .seconds(20)) {
                try RedisClient(port: port).request("SENTINEL", "MASTER", "m").fields["down-after-milliseconds"]
                    == "1234"
            }
            // Options become permanent with the next save.
            let text = try String(contentsOfFile: path, encoding: .utf8)
            for line in ["port \(port)", "bind 127.0.0.1", "sentinel monitor m 127.0.0.1 6379 1"] {
                #expect(text.contains(line + "\n"))
            }
            #expect(!text.contains("port 1\n"))
        }
    }

    // MARK: --check-config

    private static func id(_ letter: Character) -> String { String(repeating: letter, count: 40) }
    private static let sound = """
        port $PORT
        sentinel monitor m 127.0.0.1 6379 2
        sentinel known-sentinel m 127.0.0.1 26380 \(id("a"))
        sentinel known-sentinel m 127.0.0.1 26381 \(id("b"))

        """

    private func check(
        _ text: String, options: [String] = [], prepare: (String) throws -> Void = { _ in }
    ) throws -> (end: End, isUntouched: Bool) {
        try withTemporaryDirectory { directory in
            try prepare(directory)
            let path = directory + "/sentinel.conf"
            // If it listened all the same, it would fail: the port is taken.
            let taken = LoopbackPort.free()
            let listener = loopbackSocket()
            defer { close(listener) }
            try #require(withLoopbackAddress(taken) { bind(listener, $0, $1) } == 0)
            try text.replacing("$PORT", with: "\(taken)").replacing("$DIR", with: directory)
                .write(toFile: path, atomically: false, encoding: .utf8)
            let before = try Data(contentsOf: URL(fileURLWithPath: path))
            let leftover = path + ".tmp-999999999-1"
            try Data().write(to: URL(fileURLWithPath: leftover))
            let end = try run([path, "--check-config"] + options, in: directory + "/run")
            let names = try FileManager.default.contentsOfDirectory(atPath: directory).filter { !$0.hasSuffix(".sh") }
            let isUntouched =
                try Data(contentsOf: URL(fileURLWithPath: path)) == before
                && Set(names) == ["sentinel.conf", "sentinel.conf.tmp-999999999-1", "run"]
            return (end, isUntouched)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a check of a sound configuration says so, and starts and writes nothing`() throws {
        let (end, isUntouched) = try check(
            Self.sound + "logfile $DIR/log\npidfile $DIR/pid\nunixsocket $DIR/socket\nsentinel state-file $DIR/state\n")
        #expect(end.code == 0 && end.errors.isEmpty && isUntouched)
        #expect(end.output.hasSuffix("/sentinel.conf can be used: 1 master\n"))
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            ("sentinel monitor n 127.0.0.1 6380 3\n", "'n': no other sentinel is known"),
            (
                "sentinel monitor n 127.0.0.1 6380 2\nsentinel known-sentinel n 127.0.0.1 26380 \(id("a"))\n",
                "'n': 2 sentinels are known"
            ),
            (
                "sentinel monitor n 127.0.0.1 6380 5\nsentinel known-sentinel n 127.0.0.1 26380 \(id("a"))\n",
                "'n': the quorum is 5"
            ),
            ("sentinel announce-hostnames yes\n", "announce-hostnames is yes"),
            ("sentinel announce-ip sentinel.local\n", "announce-ip is the name 'sentinel.local'"),
            ("sentinel notification-script m $DIR\n", "is not a file that can be run"),
            ("aclfile \"\"\nuser a on\nuser a on\n", "'user' is there twice"),
            ("bind-source-addr no.such.name.invalid\n", "bind-source-addr 'no.such.name.invalid' has no address"),
            ("logfile $DIR/missing/log\n", "Can't open the log file: No such file or directory"),
        ])
    func `a check warns of what is unwise, with status 0`(lines: String, warning: String) throws {
        let (end, isUntouched) = try check(Self.sound + lines)
        #expect(end.code == 0 && isUntouched)
        #expect(end.errors.contains(warning), "\(end.errors)")
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            ("timeout x\n", "at line 5\n>>> 'timeout x'\n"),
            ("tls-port 26390\n", "Failed to configure TLS: tls-cert-file is missing"),
            ("sentinel client-reconfig-script m /nonexistent\n", "seems non existing or non executable."),
            ("aclfile /nonexistent/users\n", "Error loading ACLs, opening file '/nonexistent/users'"),
            ("port 0\n", "Configured to not listen anywhere, exiting."),
            ("bind \"\"\n", "Configured to not listen anywhere, exiting."),
            ("unixsocket /\(String(repeating: "s", count: 200))\n", "unix socket path too long (201)"),
        ])
    func `a check refuses what no sentinel would start with, with status 1`(lines: String, reason: String) throws {
        let (end, isUntouched) = try check(Self.sound + lines)
        #expect(end.code == 1 && isUntouched)
        #expect(end.errors.contains(reason), "\(end.errors)")
    }

    @Test(.timeLimit(.minutes(2)))
    func `a check warns of a TLS port beside links without TLS`() throws {
        let certificates = try Certificates.shared.get()
        let files = """
            tls-port 26390
            tls-cert-file \(certificates["server.crt"])
            tls-key-file \(certificates["server.key"])
            tls-ca-cert-file \(certificates["ca.crt"])

            """
        let (end, isUntouched) = try check(Self.sound + files)
        #expect(end.code == 0 && isUntouched)
        #expect(end.errors.contains("tls-replication is no"), "\(end.errors)")
        #expect(try check(Self.sound + files + "tls-replication yes\n").end.errors.isEmpty)
    }

    @Test(.timeLimit(.minutes(1)))
    func `a check takes the example, as it is and with every line in force`() throws {
        let example = try String(contentsOfFile: Programs.packageDirectory + "/sentinel.conf.example", encoding: .utf8)
        let lines = example.split(separator: "\n", omittingEmptySubsequences: false)
        let uncommented = lines.map { $0.hasPrefix("#") && !$0.hasPrefix("# ") ? $0.dropFirst() : $0 }
            .joined(separator: "\n").replacing("/var/lib/sentinel", with: "$DIR")
        for text in [example, uncommented] {
            let (end, isUntouched) = try check(text) { directory in
                for name in ["notify.sh", "reconfigure.sh"] {
                    try Data("#!/bin/sh\n".utf8).write(to: URL(fileURLWithPath: directory + "/" + name))
                    chmod(directory + "/" + name, 0o755)
                }
            }
            #expect(end.code == 0 && isUntouched, "\(end.errors)")
        }
    }

    /// As it is given: not opened again, which would begin at the beginning, and may not be allowed. `nohup` gives one
    /// that can't be read.
    @Test(
        .timeLimit(.minutes(1)),
        arguments: [("exec <'$DIR/input'; read first", "port 0\n"), ("exec 0>/dev/null", "port 26379\n")])
    func `takes what is left of standard input`(before: String, text: String) throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/sentinel.conf"
            try text.write(toFile: path, atomically: false, encoding: .utf8)
            try "no directive\nport 26379\n".write(toFile: directory + "/input", atomically: false, encoding: .utf8)
            let process = try ServerProcess(
                name: "sentinel", directory: directory + "/run", executable: "/bin/sh",
                arguments: [
                    "-c", before.replacing("$DIR", with: directory) + "; exec \"$0\" \"$@\"",
                    SentinelProgram.ours.path(), path, "--check-config", "-",
                ])
            try process.start()
            defer { process.end() }
            #expect(try process.waitForExit(within: .seconds(20)) == 0, "\(process.errors())")
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a check takes options, too`() throws {
        #expect(try check(Self.sound, options: ["--timeout", "x"]).end.code == 1)
        #expect(try check(Self.sound, options: ["--timeout", "5"]).end.code == 0)
    }
}
