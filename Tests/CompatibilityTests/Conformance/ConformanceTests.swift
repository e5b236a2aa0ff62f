// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension RealServers {
    /// Both programs are told the same, in the same situation, and must answer the same, but for the differences that
    /// `Docs/differences.md` names.
    ///
    /// With RECORD_DIFFERENCES in the environment the differences are written into the conversations instead; they are
    /// then to be reviewed and to be given a name, for a difference without one fails.
    ///
    /// - Source: spec/commands.md.
    @Suite struct Conformance {
        @Test(.timeLimit(.minutes(3)), arguments: try ConversationFile.all.get())
        func `both answer the same`(file: ConversationFile) throws {
            var observed = Observations()
            if file.conversations.contains(where: \.isWatching) {
                try withCluster(sentinels: [.ours, .original], downAfter: .seconds(30)) { cluster in
                    let worlds = try World.pair(watching: cluster)
                    for conversation in file.conversations { try hold(conversation, in: worlds, &observed) }
                }
            } else {
                for conversation in file.conversations { try hold(conversation, in: [], &observed) }
            }
            if ProcessInfo.processInfo.environment["RECORD_DIFFERENCES"] != nil { try file.record(observed) }
        }

        @Test func `the differences seen are those of the table, each row once`() throws {
            let rows = try DifferenceTable().names
            #expect(Set(rows).count == rows.count)
            let named = try ConversationFile.all.get().flatMap(\.conversations).flatMap(\.exchanges)
                .flatMap(\.differences)
            #expect(Set(named).subtracting(rows).sorted() == [], "no row of Docs/differences.md has this name")
            #expect(Set(rows).subtracting(named).sorted() == [], "no conversation shows this difference")
        }

        @Test func `enough is asked`() throws {
            #expect(try ConversationFile.all.get().flatMap(\.conversations).map(\.pairs).reduce(0, +) >= 3_000)
        }

        /// Holds a conversation with both programs, in each protocol, and compares.
        private func hold(_ conversation: Conversation, in worlds: [World], _ observed: inout Observations) throws {
            for version in conversation.protocols {
                try withTemporaryDirectory(in: World.parentDirectory) { directory in
                    let worlds = conversation.isWatching ? worlds : try World.pair(for: conversation, in: directory)
                    defer { if !conversation.isWatching { for world in worlds { world.server.process.end() } } }
                    let situations = worlds.map { Situation($0.server, names: $0.names, speaks: version) }
                    for exchange in conversation.exchanges {
                        let place =
                            "\(conversation.title), line \(exchange.lineNumber), RESP\(version): \(exchange.text)"
                        let isHeard = situations.contains { !$0.ended.contains(exchange.client) }
                        #expect(isHeard, "\(place): the connection has ended before")
                        let answers = try situations.map { situation in
                            let answers = try situation.answers(to: exchange)
                            return answers.count == 1 ? answers[0] : Reply.array(answers)
                        }
                        let lines = difference(here: answers[0], there: answers[1])
                        observed[exchange.lineNumber, default: [:]][version] = lines
                        if exchange.differences.isEmpty {
                            #expect(lines == [], "\(place): differs, and names no row of Docs/differences.md")
                            if exchange.isSilent { #expect(answers[0] == .array([]), "\(place): something comes") }
                        } else {
                            #expect(lines == exchange.recorded[version] ?? [], "\(place): differs in another way")
                            #expect(!lines.isEmpty, "\(place): does not differ")
                        }
                    }
                    let leftovers = try situations.map { try $0.leftovers() }
                    #expect(leftovers == [[:], [:]], "\(conversation.title), RESP\(version): more than was asked for")
                }
            }
        }
    }
}

/// One of the two sentinels, with the names of what is about it.
private struct World {
    let server: SentinelServer
    let names: [String: String]

    /// In memory where there is such a directory: hundreds of saves wait for no disk then.
    static let parentDirectory =
        FileManager.default.isWritableFile(atPath: "/dev/shm") ? "/dev/shm/" : NSTemporaryDirectory()

    /// Both programs with the same configuration file, each in a directory of its own.
    static func pair(for conversation: Conversation, in directory: String) throws -> [World] {
        let unused = LoopbackPort.free()
        return try [SentinelProgram.ours, .original].map { program in
            let own = "\(directory)/\(program)"
            try FileManager.default.createDirectory(atPath: own, withIntermediateDirectories: true)
            for (name, lines) in Dictionary(grouping: conversation.files, by: \.name) {
                let path = "\(own)/\(name)"
                try lines.map { $0.line + "\n" }.joined().write(toFile: path, atomically: false, encoding: .utf8)
                if name.hasSuffix(".sh") {
                    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
                }
            }
            let server = try SentinelServer(
                name: "sentinel", directory: own, program: program, monitoring: [],
                options: SentinelOptions(
                    lines: conversation.configuration.map { $0.replacingOccurrences(of: "{dir}", with: own) }))
            if conversation.losesDirectories { try FileManager.default.moveItem(atPath: own, toPath: own + "-gone") }
            return World(server: server, names: ["dir": own, "unused": "\(unused)"])
        }
    }

    /// Two sentinels that watch the same servers and each other.
    static func pair(watching cluster: Cluster) throws -> [World] {
        let sentinels = cluster.sentinels
        let ids = try sentinels.map { try $0.myID() }
        let servers = cluster.group.servers
        let unused = LoopbackPort.free()
        return [0, 1].map { index in
            World(
                server: sentinels[index],
                names: [
                    "id": ids[index], "other-id": ids[1 - index], "other": "\(sentinels[1 - index].port)",
                    "master": "\(servers[0].port)", "replica0": "\(servers[1].port)", "replica1": "\(servers[2].port)",
                    "unused": "\(unused)",
                ])
        }
    }
}

/// The differences seen: by line, then by protocol.
private typealias Observations = [Int: [Int: [String]]]

extension ConversationFile {
    /// Writes the differences seen behind the lines they belong to, in place of what stands there.
    fileprivate func record(_ observed: Observations) throws {
        let lines = try String(contentsOfFile: path, encoding: .utf8).components(separatedBy: "\n")
        var recorded: [String] = []
        for (index, line) in lines.enumerated()
        where line.range(of: "^    [23]?[|] ", options: .regularExpression) == nil {
            recorded.append(line)
            let seen = observed[index + 1] ?? [:]
            if Set(seen.values).count == 1 {
                recorded += (seen.values.first ?? []).map { "    | \($0)" }
            } else {
                for version in seen.keys.sorted() { recorded += (seen[version] ?? []).map { "    \(version)| \($0)" } }
            }
        }
        try recorded.joined(separator: "\n").write(toFile: path, atomically: false, encoding: .utf8)
    }
}
