// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A server process on a loopback port, with a connection to ask it questions.
class Server {
    let port: UInt16
    let process: ServerProcess
    /// How it is talked to; `nil` in plaintext.
    let security: Security?
    /// What `ask` logs in with; `nil` where nobody is asked.
    var password: String?
    private var client: RedisClient?

    var name: String { process.name }
    var configurationPath: String { process.directory + "/" + Self.configurationName }

    static let configurationName = "server.conf"

    /// Starts `executable` with a configuration file on a free port and waits until it answers.
    ///
    /// - Parameter security: Where it listens on a TLS port rather than on a plain one.
    /// - Parameter configuration: The file's text for a port. It is asked again when somebody else took the port first.
    init(
        name: String, directory: String, executable: String, password: String? = nil, security: Security? = nil,
        configuration: (UInt16) -> String
    ) throws {
        self.password = password
        self.security = security
        var attempt = 0
        while true {
            attempt += 1
            let port = LoopbackPort.free()
            let directory = "\(directory)/\(name)-\(port)"
            let path = directory + "/" + Self.configurationName
            let process = try ServerProcess(
                name: "\(name):\(port)", directory: directory, executable: executable, arguments: [path])
            try configuration(port).write(toFile: path, atomically: false, encoding: .utf8)
            do {
                try process.start()
                try Self.awaitAnswer(process, port, security)
                self.port = port
                self.process = process
                return
            } catch ServerProcess.Failure.ended(_, let output) where attempt < 5 && output.contains("bind") {
                continue
            }
        }
    }

    /// Starts it again after a kill, and waits until it answers.
    ///
    /// - Parameter executable: What runs from now on; `nil` for what ran before.
    func restart(as executable: String? = nil) throws {
        client = nil
        try process.restart(as: executable)
        try Self.awaitAnswer(process, port, security)
    }

    /// The reply to a command; a connection that broke since the last one is opened again, and one on which a reply is
    /// still to come is left.
    func ask(_ words: [String], within limit: Duration = .seconds(5)) throws -> Reply {
        if let usual = client {
            client = nil
            do {
                let reply = try usual.request(words, within: limit)
                client = usual
                return reply
            } catch RedisClient.Failure.closed {}
        }
        let fresh = try RedisClient(port: port, security: security)
        if let password { _ = try fresh.request("AUTH", password) }
        let reply = try fresh.request(words, within: limit)
        client = fresh
        return reply
    }

    func ask(_ words: String...) throws -> Reply { try ask(words) }

    var configurationText: String {
        String(decoding: FileManager.default.contents(atPath: configurationPath) ?? Data(), as: UTF8.self)
    }

    /// The libraries it has loaded.
    var libraries: Set<String> {
        let maps = process.pid.flatMap { FileManager.default.contents(atPath: "/proc/\($0)/maps") } ?? Data()
        return Set(
            String(decoding: maps, as: UTF8.self).split(separator: "\n").compactMap { line in
                line.split(separator: " ").last.map(String.init)
            })
    }

    /// How much of its memory is in use, as the kernel sees it.
    func residentKilobytes() throws -> Int {
        let status = process.pid.flatMap { FileManager.default.contents(atPath: "/proc/\($0)/status") } ?? Data()
        let line = String(decoding: status, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        let words = line?.split(whereSeparator: \.isWhitespace) ?? []
        guard words.count > 1, let number = Int(words[1]) else {
            throw NotReached(description: "no memory of \(name) is known")
        }
        return number
    }

    /// The end of its output, for a failed test.
    var diagnosis: String {
        let lines = (process.log() + process.errors()).split(separator: "\n").suffix(40).joined(separator: "\n  ")
        return "--- \(name) (\(process.isRunning ? "running" : "ended \(process.exitCode ?? -1)")) ---\n  \(lines)"
    }

    private static func awaitAnswer(_ process: ServerProcess, _ port: UInt16, _ security: Security?) throws {
        let end = ContinuousClock.now + .seconds(20)
        while true {
            guard process.isRunning else {
                throw ServerProcess.Failure.ended(process.name, output: process.log() + process.errors())
            }
            do {
                let reply = try RedisClient(port: port, security: security).request("PING")
                // One that wants a password is up as well.
                if reply == .simple("PONG") || reply.text?.hasPrefix("NOAUTH") == true { return }
                guard ContinuousClock.now < end, !Task.isCancelled else {
                    throw NotReached(description: "\(process.name) answers \(reply)")
                }
            } catch let error as RedisClient.Failure {
                guard ContinuousClock.now < end, !Task.isCancelled else { throw error }
            }
            wait(until: .now + .milliseconds(5))
        }
    }
}

/// A real `redis-server`.
final class DataServer: Server {
    /// - Parameters:
    ///   - master: Port of the server it replicates from; `nil` for a master.
    ///   - password: What it wants of everybody, and says to its master.
    ///   - security: For TLS instead of plaintext.
    ///   - lines: More lines of its configuration.
    init(
        name: String, directory: String, replicating master: UInt16?, password: String? = nil,
        security: Security? = nil, lines: [String] = []
    ) throws {
        let executable = try Programs.installed("redis-server")
        try super.init(
            name: name, directory: directory, executable: executable, password: password, security: security
        ) { port in
            """
            \(Security.portLines(port, security))
            bind 127.0.0.1
            dir \(directory)/\(name)-\(port)
            save ""
            repl-diskless-sync-delay 0
            \(master.map { "replicaof 127.0.0.1 \($0)" } ?? "")
            \(password.map { "requirepass \($0)\nmasterauth \($0)" } ?? "")
            \(lines.joined(separator: "\n"))

            """
        }
    }

    /// The lines of `INFO replication`.
    func replication() throws -> [String: String] {
        let text = try ask("INFO", "replication").text ?? ""
        let pairs = text.split(whereSeparator: \.isNewline).map { $0.split(separator: ":", maxSplits: 1) }
        return Dictionary(
            pairs.filter { $0.count == 2 }.map { (String($0[0]), String($0[1])) }, uniquingKeysWith: { $1 })
    }

    var role: String { get throws { try replication()["role"] ?? "?" } }

    /// Whether it is a replica of `master` with its link up.
    func replicates(from master: DataServer) throws -> Bool {
        let fields = try replication()
        return fields["role"] == "slave" && fields["master_port"] == "\(master.port)"
            && fields["master_link_status"] == "up"
    }
}
