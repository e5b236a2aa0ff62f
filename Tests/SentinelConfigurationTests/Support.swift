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

/// A generator whose numbers depend on its seed alone.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// The processor's time that `body` takes of this thread, the best of three runs: little of what else the machine does
/// shows in it. Of eight times as much, which may take less than twenty times as long, linear takes eight times and
/// quadratic sixty-four.
func processorSeconds(_ body: () -> Void) -> Double {
    func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
    let runs = (0..<3).map { _ in
        let begin = now()
        body()
        return now() - begin
    }
    return runs.min() ?? 0
}
