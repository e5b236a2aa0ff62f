// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A sentinel on files that refuse: its configuration in a directory of its own, started under conditions that only
/// root can make.
///
/// What cannot be made here fails the test; it never passes for want of a right.
final class IsolatedSentinel {
    let port = LoopbackPort.free()
    let process: ServerProcess
    let directory: String
    private var client: RedisClient?

    /// Commands of the shell before the sentinel is started, in a mount namespace of its own.
    struct Preparation {
        /// In it `$DIR` is the directory.
        var commands: [String] = []
        /// Whether the sentinel runs as a user that owns nothing.
        var asNobody = false
    }

    /// - Parameters:
    ///   - configuration: Text of `sentinel.conf`; `$PORT` and `$DIR` stand for what they say.
    ///   - prepare: Makes files with the rights they are to have, once the configuration is there.
    init(
        _ program: SentinelProgram = .ours, in directory: String, configuration: String, _ preparation: Preparation,
        prepare: (String) throws -> Void = { _ in }
    ) throws {
        self.directory = directory
        let text = configuration.replacing("$PORT", with: "\(port)").replacing("$DIR", with: directory)
        try text.write(toFile: directory + "/sentinel.conf", atomically: false, encoding: .utf8)
        try prepare(directory)
        // The program has to be where nobody may read. A copy made here could not be run while another test forks.
        var executable = try program.path()
        var commands = preparation.commands
        if program == .ours, preparation.asNobody {
            commands.append("cp \(executable) $DIR/redis-sentinel")
            executable = directory + "/redis-sentinel"
        }
        var words = [try Programs.installed("unshare")]
        words += getuid() == 0 ? ["--mount"] : ["--map-root-user", "--mount"]
        let script = commands.map { $0.replacing("$DIR", with: directory) + " || exit 99\n" }.joined()
        words += ["/bin/sh", "-c", script + "exec \"$@\"", "sh"]
        if preparation.asNobody, getuid() == 0 {
            words += [try Programs.installed("setpriv"), "--reuid", "65534", "--regid", "65534", "--clear-groups"]
        }
        words += [executable, directory + "/sentinel.conf"]
        process = try ServerProcess(
            name: "isolated \(program)", directory: directory + "/output", executable: words[0],
            arguments: Array(words.dropFirst()))
    }

    func start() throws {
        client = nil
        try process.start()
        try eventually("it answers", within: .seconds(20)) {
            guard process.isRunning else { return true }
            return try ask("PING") == .simple("PONG")
        }
        guard process.isRunning else {
            throw ServerProcess.Failure.ended(process.name, output: process.log() + process.errors())
        }
    }

    func ask(_ words: String...) throws -> Reply {
        let client = try self.client ?? RedisClient(port: port)
        self.client = client
        do { return try client.request(words, within: .seconds(10)) } catch {
            self.client = nil
            throw error
        }
    }

    /// A path as the sentinel sees it.
    func inside(_ path: String) -> String { "/proc/\(process.pid ?? 0)/root\(path)" }

    func text(of path: String) -> String {
        String(decoding: FileManager.default.contents(atPath: inside(path)) ?? Data(), as: UTF8.self)
    }

    /// Runs a command in the sentinel's mount namespace.
    func run(_ words: String...) throws {
        let pid = try spawn(
            Programs.installed("nsenter"), ["-t", "\(process.pid ?? 0)", "--mount"] + words,
            output: process.logPath, errors: process.errorPath)
        var status: Int32 = 0
        while waitpid(pid, &status, 0) == -1, errno == EINTR {}
        guard status == 0 else { throw NotReached(description: "\(words) left with \(status): \(process.errors())") }
    }

    /// Asks it for its vote.
    func vote(_ epoch: Int, for candidate: Character = "c") throws -> [Reply] {
        try ask(
            "SENTINEL", "IS-MASTER-DOWN-BY-ADDR", "127.0.0.1", "6379", "\(epoch)",
            String(repeating: candidate, count: 40)
        ).items
    }

    var isDurable: Bool {
        get throws { try ask("INFO", "internals").text?.contains("state_is_durable:1") == true }
    }

    /// How often its log has a line that contains `text`.
    func logged(_ text: String) -> Int { process.log().split(separator: "\n").count { $0.contains(text) } }
}
