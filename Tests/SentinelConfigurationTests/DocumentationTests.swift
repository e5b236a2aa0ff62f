// SPDX-License-Identifier: Apache-2.0

import Foundation
import SentinelConfiguration
import SentinelCore
import Testing

private let package = (0..<3).reduce(#filePath) { path, _ in (path as NSString).deletingLastPathComponent }

private func file(_ name: String) throws -> String {
    try String(contentsOfFile: package + "/" + name, encoding: .utf8)
}

@Suite struct `Documentation of directives` {
    private static let begin = "--filter 'Documentation of directives' -->\n"
    private static let end = "<!-- end of the table -->"

    /// The part of the document that is made from the table.
    private func table() -> String {
        func name(_ row: Directive) -> String {
            let head = row.scope == .server ? "" : "sentinel "
            let tail = row.scope == .master ? " NAME" : ""
            let aliases = row.aliases.map { " or `\(head)\($0)`" }.joined()
            return "`\(head)\(row.name)\(tail)`\(aliases)"
        }
        func value(_ row: Directive) -> String { row.initial.isEmpty ? "" : "`\(row.initial)`" }
        func isKept(_ row: Directive) -> Bool { if case .kept = row.action { true } else { false } }
        func section(_ title: String, _ rows: [Directive]) -> String {
            "\n### \(title)\n\n| directive | default | |\n| --- | --- | --- |\n"
                + rows.map { "| \(name($0)) | \(value($0)) | \($0.summary) |\n" }.joined()
        }
        let rows = DirectiveTable.all
        let kept = rows.filter(isKept).map { "`\($0.name)`" + $0.aliases.map { ", `\($0)`" }.joined() }
        return section("The process", rows.filter { $0.scope == .server && !isKept($0) })
            + section("The sentinel", rows.filter { $0.scope == .sentinel })
            + section("One master", rows.filter { $0.scope == .master })
            + "\n### Without effect\n\nThese are checked as a Redis server checks them, and then left alone: "
            + kept.joined(separator: ", ") + ". So is any name with a dot in it, which is for a module.\n\n"
    }

    @Test func `is what the table says`() throws {
        let name = "Docs/configuration.md"
        let text = try file(name)
        let begin = try #require(text.range(of: Self.begin)).upperBound
        let end = try #require(text.range(of: Self.end)).lowerBound
        let wanted = table()
        if ProcessInfo.processInfo.environment["UPDATE_DOCS"] != nil {
            try text.replacingCharacters(in: begin..<end, with: wanted)
                .write(toFile: package + "/" + name, atomically: true, encoding: .utf8)
        } else {
            #expect(text[begin..<end] == wanted, "UPDATE_DOCS=1 brings \(name) up to date")
        }
    }
}

@Suite struct `The example configuration` {
    private let environment = TestEnvironment()

    /// The example with every directive in it in force.
    private func uncommented() throws -> String {
        try file("sentinel.conf.example").split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.hasPrefix("#") && !line.hasPrefix("# ") && line != "#" ? String(line.dropFirst()) : String(line)
        }.joined(separator: "\n")
    }

    @Test func `needs two lines and is otherwise the default`() throws {
        let configuration = try read(try file("sentinel.conf.example"))
        #expect(configuration.server == ServerSettings())
        var expected = Settings()
        expected.masters = [
            MasterSettings(name: MasterName("mymaster"), address: Endpoint(host: "127.0.0.1", port: 6379), quorum: 2)
        ]
        #expect(configuration.sentinel == expected)
        #expect(configuration.warnings.isEmpty)
    }

    @Test func `can be read with every line in force, to the same settings where lines say the default`() throws {
        let configuration = try read(try uncommented())
        #expect(configuration.warnings.isEmpty)
        var server = configuration.server
        // What has no default to show.
        #expect(server.directory == "/var/lib/sentinel" && server.stateFile == "/var/lib/sentinel/state")
        #expect(server.users.count == 1 && server.renamedCommands.count == 1)
        (server.directory, server.stateFile, server.users, server.renamedCommands) = ("", "", [], [])
        #expect(server == ServerSettings())
        let master = try #require(configuration.sentinel.masters.first)
        #expect(
            master.downAfter == .seconds(30) && master.failoverTimeout == .seconds(180) && master.parallelSyncs == 1)
        #expect(master.authPassword == nil && master.notificationScript != nil && master.knownSentinels.count == 1)
    }

    @Test func `has every directive that means something, with its default, below a sentence of prose`() throws {
        let lines = try uncommented().split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let original = try file("sentinel.conf.example").split(separator: "\n", omittingEmptySubsequences: false)
        for row in DirectiveTable.all {
            if case .kept = row.action { continue }
            if row.name == "moved-master" { continue }  // Only in a state file.
            let head = row.scope == .server ? [row.name] : ["sentinel", row.name]
            let index = lines.firstIndex { line in
                guard !line.hasPrefix("#"), let words = try? Grammar.words(of: bytes(line)[...]).map(text) else {
                    return false
                }
                return words.starts(with: head)
            }
            guard let index else {
                Issue.record("no line for \(head.joined(separator: " "))")
                continue
            }
            let words = try Grammar.words(of: bytes(lines[index])[...]).map(text)
            let value = words.dropFirst(head.count + (row.scope == .master ? 1 : 0)).joined(separator: " ")
            if !row.initial.isEmpty { #expect(value == row.initial, "\(lines[index])") }
            // The paragraph it stands in begins with prose.
            let start = original[..<index].lastIndex { $0.isEmpty }.map { $0 + 1 } ?? 0
            let isInForce = !original[index].hasPrefix("#")
            #expect(isInForce || original[start].hasPrefix("# "), "no sentence above \(lines[index])")
        }
    }
}
