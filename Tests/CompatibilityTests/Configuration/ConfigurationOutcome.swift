// SPDX-License-Identifier: Apache-2.0

import Foundation
import SentinelConfiguration

/// What became of a configuration.
struct ConfigurationOutcome: Sendable, Equatable, CustomStringConvertible {
    /// `nil` for a sentinel that ran.
    var exitCode: Int32?
    /// What was said about it, without what differs from program to program.
    var complaint: [String] = []
    /// The file after it was rewritten, as a set of directives.
    var directives: Set<[String]> = []

    var description: String {
        guard let exitCode else {
            return "runs; " + directives.map { $0.joined(separator: " ") }.sorted().joined(separator: " | ")
        }
        return "exit \(exitCode): " + complaint.joined(separator: " / ")
    }
}

// What is expected of ours where the original does something else.
extension ConfigurationOutcome {
    /// A sentinel that runs and leaves these lines, besides those that are in every file.
    static func runs(_ lines: String...) -> Self { runs(lines) }

    /// The same with those of the group `m`.
    static func watches(_ lines: String...) -> Self {
        runs(
            lines + [
                "sentinel monitor m 127.0.0.1 6379 2", "sentinel config-epoch m 0", "sentinel leader-epoch m 0",
            ])
    }

    private static func runs(_ lines: [String]) -> Self {
        let all = lines + ["port $PORT", "sentinel myid ID", "sentinel current-epoch 0"]
        let words = all.map { line in
            ((try? Grammar.words(of: Array(line.utf8)[...])) ?? []).map { String(decoding: $0, as: UTF8.self) }
        }
        return Self(directives: Set(words))
    }

    /// One that ends because of a line of its file.
    static func refuses(line: Int, _ text: String, _ reason: String) -> Self {
        ends("Reading the configuration file, at line \(line)", ">>> '\(text)'", reason)
    }

    static func ends(_ complaint: String...) -> Self { Self(exitCode: 1, complaint: complaint) }
}

extension ConfigurationCase {
    /// Gives it to one program after the other, each with what the one before left, and looks what happens in each of
    /// these lives; the first that ends by itself is the last. Ends what it has started.
    func outcomes(of programs: [SentinelProgram], in directory: String) throws -> [ConfigurationOutcome] {
        var attempt = 0
        while true {
            attempt += 1
            let directory = "\(directory)/\(attempt)"
            let port = LoopbackPort.free()
            try write(in: directory, port: port)
            var outcomes: [ConfigurationOutcome] = []
            for (life, program) in programs.enumerated() where outcomes.last?.exitCode == nil {
                try outcomes.append(outcome(of: program, life: life, in: directory, port: port))
            }
            // Somebody else took the port.
            guard attempt < 4, outcomes.last?.complaint.contains(where: { $0.contains("Failed listening") }) == true
            else { return outcomes }
        }
    }

    private func filled(_ text: String, _ directory: String, _ port: UInt16) -> String {
        text.replacing("$DIR", with: directory).replacing("$PORT", with: "\(port)")
    }

    private func write(in directory: String, port: UInt16) throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        for (name, text) in files {
            let path = directory + "/" + name
            try filled(text, directory, port).write(toFile: path, atomically: false, encoding: .utf8)
            if name.hasSuffix(".sh") { chmod(path, 0o755) }
        }
        let whole = isComplete ? text : text + "\nport $PORT\n"
        try filled(whole, directory, port).write(
            toFile: directory + "/sentinel.conf", atomically: false, encoding: .utf8)
    }

    private func outcome(
        of program: SentinelProgram, life: Int, in directory: String, port: UInt16
    ) throws -> ConfigurationOutcome {
        let path = directory + "/sentinel.conf"
        // Standard input of what a test starts is /dev/null: a shell gives it something else.
        var executable = try program.path()
        var arguments = [path] + options.map { filled($0, directory, port) }
        if let standardInput {
            let input = directory + "/input"
            try filled(standardInput, directory, port).write(toFile: input, atomically: false, encoding: .utf8)
            arguments = ["-c", "exec \"$0\" \"$@\" <\(input)", executable] + arguments
            executable = "/bin/sh"
        }
        let process = try ServerProcess(
            name: name, directory: "\(directory)/life\(life)", executable: executable, arguments: arguments)
        try process.start()
        defer { process.end() }
        var outcome = ConfigurationOutcome()
        guard try awaitAnswer(process, port) else {
            outcome.exitCode = process.exitCode
            outcome.complaint = Self.complaint(process).map {
                $0.replacing(directory, with: "$DIR").replacing("\(port)", with: "$PORT")
            }
            return outcome
        }
        let file = FileManager.default.contents(atPath: path) ?? Data()
        outcome.directives = Self.directives(Array(file), directory: directory, port: port)
        return outcome
    }

    /// Waits until the program answers and has written its file; false when it has ended instead.
    private func awaitAnswer(_ process: ServerProcess, _ port: UInt16) throws -> Bool {
        try eventually("\(name): it answers or ends", within: .seconds(20)) {
            guard process.isRunning else { return false }
            let client = try RedisClient(port: port)
            if !authentication.isEmpty { _ = try client.request(["AUTH"] + authentication) }
            let reply = try client.request("SENTINEL", "FLUSHCONFIG")
            guard reply == .simple("OK") else { throw NotReached(description: "\(reply)") }
            return true
        } until: { _ in
            true
        }
    }

    /// The lines it said before it ended: those under the banner, or the last of the log.
    private static func complaint(_ process: ServerProcess) -> [String] {
        let errors = process.errors().split(separator: "\n").map(String.init)
        if let banner = errors.firstIndex(where: { $0.hasPrefix("*** FATAL CONFIG FILE ERROR") }) {
            return Array(errors[(banner + 1)...])
        }
        let lines = errors + process.log().split(separator: "\n").map(String.init)
        guard let last = lines.last else { return [] }
        // `<pid>:X <day> <month> <year> <time> <level> <text>`
        let fields = last.split(separator: " ", maxSplits: 6)
        // 7.0 alone writes TCP in capitals here.
        return [
            (fields.count == 7 && fields[0].hasSuffix(":X") ? String(fields[6]) : last).replacing(
                "(TCP)", with: "(tcp)")
        ]
    }

    /// The directives of a file that say something: names as the table has them, values in one form, without those that
    /// come to the default and those that only one of the programs writes of its own accord.
    ///
    /// - Source: spec/config-and-process.md 5.2, what is written; Docs/differences.md, "rewritten file".
    private static func directives(_ file: [UInt8], directory: String, port: UInt16) -> Set<[String]> {
        var directives: Set<[String]> = []
        for line in Grammar.lines(of: file).map(Grammar.trimmed) where !Grammar.isSilent(line) {
            guard let words = try? Grammar.words(of: line).map({ String(decoding: $0, as: UTF8.self) }),
                !words.isEmpty
            else { continue }
            for directive in normalised(words) {
                directives.insert(
                    directive.map { $0.replacing(directory, with: "$DIR").replacing("\(port)", with: "$PORT") })
            }
        }
        return directives
    }

    private static func normalised(_ words: [String]) -> [[String]] {
        let isSentinel = words[0].lowercased() == "sentinel"
        guard !isSentinel || words.count > 1 else { return [words] }
        let written = words[isSentinel ? 1 : 0].lowercased()
        let row = DirectiveTable.all.first { row in
            (row.scope != .server) == isSentinel && (row.name == written || row.aliases.contains(written))
        }
        guard let row else { return [words] }
        var values = Array(words.dropFirst(isSentinel ? 2 : 1))
        if row.scope == .server { values = values.map(bytesOfSize) }
        if row.name == "client-output-buffer-limit" { return bufferLimits(values) }
        if row.name == "bind" { values = values.flatMap { $0.split(separator: " ").map(String.init) } }
        if row.name == "loglevel" || ["yes", "no"].contains(values.last?.lowercased()) {
            values = values.map { $0.lowercased() }
        }
        let value = values.dropFirst(row.scope == .master ? 1 : 0).joined(separator: " ")
        let isDefault = value == row.initial && !["config-epoch", "leader-epoch", "current-epoch"].contains(row.name)
        switch row.name {
        case "myid": values = values.map { $0.allSatisfy(\.isHexDigit) && $0.count == 40 ? "ID" : $0 }
        // Found by the original's own working directory where there was no such line.
        case "dir" where value == FileManager.default.currentDirectoryPath: return []
        case "save": return []
        case "user" where values.first == "default" && isGenerated(values): return []
        default: if isDefault { return [] }
        }
        return [(isSentinel ? ["sentinel", row.name] : [row.name]) + values]
    }

    /// Whether the original writes this `user default` line by itself.
    private static func isGenerated(_ values: [String]) -> Bool {
        let rules = values.filter { $0 != "sanitize-payload" && $0 != "nopass" && !$0.hasPrefix("#") }
        return rules == ["default", "on", "~*", "&*", "+@all"]
    }

    /// One directive for each class, whichever of them share a line.
    private static func bufferLimits(_ values: [String]) -> [[String]] {
        let defaults = [
            "normal": ["0", "0", "0"], "replica": ["268435456", "67108864", "60"],
            "pubsub": ["33554432", "8388608", "60"],
        ]
        return stride(from: 0, to: values.count - 3, by: 4).compactMap { start in
            let name = values[start] == "slave" ? "replica" : values[start]
            let limits = Array(values[(start + 1)..<(start + 4)])
            return defaults[name] == limits ? nil : ["client-output-buffer-limit", name] + limits
        }
    }

    /// `64mb` as the original writes it is `64mb`, `67108864` or `65536kb`.
    private static func bytesOfSize(_ word: String) -> String {
        let units = [
            ("kb", 1 << 10), ("mb", 1 << 20), ("gb", 1 << 30), ("k", 1000), ("m", 1_000_000), ("g", 1_000_000_000),
        ]
        let lower = word.lowercased()
        for (unit, factor) in units where lower.hasSuffix(unit) {
            if let number = Int(lower.dropLast(unit.count)) { return "\(number * factor)" }
        }
        return word
    }
}
