// SPDX-License-Identifier: Apache-2.0

import Foundation
import SentinelConfiguration
import SentinelCore

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

/// A world in a few dictionaries.
struct TestEnvironment: ConfigurationEnvironment {
    var files: [String: [SourceFile]] = [:]
    var directories: Set<String> = []
    /// By path.
    var states: [String: SavedState] = [:]

    func isExecutable(_ path: String) -> Bool { path.hasSuffix(".sh") }
    func isProgram(_ path: String) -> Bool { isExecutable(path) && !directories.contains(path) }
    func isNumericAddress(_ host: String) -> Bool {
        host.contains(":") || !host.isEmpty && host.utf8.allSatisfy { $0 == 0x2E || (0x30...0x39).contains($0) }
    }
    func resolves(_ host: String) -> Bool { !host.hasSuffix(".invalid") }
    func enterDirectory(_ path: String) -> String? { path.hasPrefix("/nope") ? "No such file or directory" : nil }
    func isCommand(_ name: String) -> Bool { ["ping", "info", "sentinel", "shutdown"].contains(name) }
    func complaint(aboutUser name: Word, rules: [Secret]) -> String? {
        rules.contains { $0.reveal() == bytes("foo") } ? "Syntax error" : nil
    }
    func state(at path: String) -> SavedState { states[path] ?? .absent }
    func included(_ pattern: Word) -> Inclusion {
        let name = text(pattern)
        if let found = files[name] { return .files(found) }
        return name.contains("*") ? .files([]) : .unreadable(file: name, why: "No such file or directory")
    }
}

extension TestEnvironment {
    /// - Parameter included: The texts of files that an `include` leads to, by path.
    init(included: [String: String], states: [String: SavedState] = [:]) {
        self.init(states: states)
        for (path, text) in included { files[path] = [SourceFile(name: path, text: bytes(text))] }
    }
}

func read(
    _ file: String, options: [String] = [], environment: TestEnvironment = TestEnvironment()
) throws(ConfigurationError) -> Configuration {
    try read(bytes(file), options: options, environment: environment)
}

func read(
    _ file: [UInt8], options: [String] = [], environment: TestEnvironment = TestEnvironment()
) throws(ConfigurationError) -> Configuration {
    try Configuration.read(
        ConfigurationSources(
            file: SourceFile(name: "/etc/sentinel.conf", text: file), options: options.map(bytes)),
        environment: environment)
}

/// What is printed about a file that is not acceptable; empty when it is.
func complaint(
    _ file: String, options: [String] = [], environment: TestEnvironment = TestEnvironment()
) -> String {
    do {
        _ = try read(file, options: options, environment: environment)
        return ""
    } catch { return text(error.report(version: "Redis 7.0.15")) }
}
