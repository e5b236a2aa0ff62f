// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Hosts in network namespaces of their own, joined by a switch in another one; nothing of it can reach a real network.
///
/// Addresses are those that RFC 5737 reserves for documentation, so that the files of a recipe run as they are printed.
final class TestNetwork {
    static let prefix = "192.0.2"

    private let name = "sst-" + UUID().uuidString.prefix(8).lowercased()
    private let directory: String
    private let switchboard: String
    private(set) var hosts: [TestHost] = []

    init(directory: String) throws {
        self.directory = directory
        switchboard = name + "-switch"
        try addNamespace(switchboard)
        try tool("ip", "-n", switchboard, "link", "add", "bridge", "type", "bridge")
        try tool("ip", "-n", switchboard, "link", "set", "bridge", "up")
    }

    /// A host with the address `192.0.2.<number>` on `eth0`.
    func addHost(_ label: String, _ number: Int) throws -> TestHost {
        let namespace = "\(name)-\(label)"
        try addNamespace(namespace)
        let host = try TestHost(
            label: label, namespace: namespace, address: "\(Self.prefix).\(number)", directory: "\(directory)/\(label)")
        hosts.append(host)
        try tool("ip", "-n", namespace, "link", "set", "lo", "up")
        try tool(
            "ip", "link", "add", "eth0", "netns", namespace, "type", "veth", "peer", "name", label, "netns", switchboard
        )
        try tool("ip", "-n", switchboard, "link", "set", label, "master", "bridge", "up")
        try tool("ip", "-n", namespace, "addr", "add", "\(host.address)/24", "dev", "eth0")
        try tool("ip", "-n", namespace, "link", "set", "eth0", "up")
        return host
    }

    /// Cuts the host off, as pulling its cable does.
    func unplug(_ host: TestHost) throws { try tool("ip", "-n", switchboard, "link", "set", host.label, "down") }
    func plug(_ host: TestHost) throws { try tool("ip", "-n", switchboard, "link", "set", host.label, "up") }

    func end() {
        for host in hosts { host.end() }
        for namespace in [switchboard] + hosts.map(\.namespace) { _ = try? tool("ip", "netns", "del", namespace) }
    }

    private func addNamespace(_ namespace: String) throws {
        try tool("ip", "netns", "add", namespace)
        Guardian.shared.removeAtEnd(namespace: namespace)
    }
}

/// A network namespace with processes of its own.
final class TestHost {
    let label: String
    let namespace: String
    let address: String
    /// What stands for the host's `/`: the files of a recipe are put below it.
    let directory: String
    private var processes: [ServerProcess] = []

    init(label: String, namespace: String, address: String, directory: String) throws {
        self.label = label
        self.namespace = namespace
        self.address = address
        self.directory = directory
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    /// Starts a program that stays in the foreground.
    @discardableResult
    func start(_ name: String, _ words: [String]) throws -> ServerProcess {
        // `ip` replaces itself with the program, so the process has the program's pid.
        let process = try ServerProcess(
            name: "\(label)/\(name)", directory: "\(directory)/output/\(name)",
            executable: Programs.installed("ip"), arguments: ["netns", "exec", namespace] + words)
        try process.start()
        processes.append(process)
        return process
    }

    /// Kills a program that was started under this name.
    func kill(_ name: String) throws {
        guard let process = processes.last(where: { $0.name == "\(label)/\(name)" && $0.isRunning }) else {
            throw Problem("no \(name) runs on \(label)")
        }
        process.kill()
    }

    /// Runs a program to its end and returns what it printed.
    @discardableResult
    func run(_ words: [String]) throws -> String { try tool(["ip", "netns", "exec", namespace] + words) }
    @discardableResult
    func run(_ words: String...) throws -> String { try run(words) }

    /// Puts a file of a recipe on the host, with `changes` made to its text, and returns its path.
    @discardableResult
    func install(_ file: String, at path: String, mode: Int = 0o644, changes: [String: String] = [:]) throws -> String {
        var text = try String(contentsOfFile: file, encoding: .utf8)
        for (old, new) in changes {
            guard text.contains(old) else { throw Problem("\(file) has no \(old)") }
            text = text.replacingOccurrences(of: old, with: new)
        }
        let path = self.path(path)
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        return path
    }

    /// Where the host's `path` lies.
    func path(_ path: String) -> String { directory + path }

    /// Whether one of the host's interfaces has this address.
    func holds(_ address: String) throws -> Bool {
        try run("ip", "-o", "-4", "addr", "show").contains(" \(address)/")
    }

    /// Kills everything that runs on it, also what its own scripts started.
    func end() {
        for process in processes { process.end() }
        // A script may be in the middle of starting something.
        for _ in 0..<20 {
            let pids = (try? tool("ip", "netns", "pids", namespace).split(whereSeparator: \.isNewline)) ?? []
            if pids.isEmpty { return }
            for pid in pids.compactMap({ pid_t($0) }) { Foundation.kill(pid, SIGKILL) }
            wait(until: .now + .milliseconds(20))
        }
    }

    var diagnosis: String {
        processes.map { process in
            let lines = (process.log() + process.errors()).split(separator: "\n").suffix(25).joined(separator: "\n  ")
            return
                "--- \(process.name) (\(process.isRunning ? "running" : "ended \(process.exitCode ?? -1)"))\n  \(lines)"
        }.joined(separator: "\n")
    }
}

/// Runs `body` with a network of its own, whose hosts and processes are gone afterwards.
func withNetwork<Result>(_ body: (TestNetwork) throws -> Result) throws -> Result {
    try withTemporaryDirectory { directory in
        let network = try TestNetwork(directory: directory)
        defer { network.end() }
        do {
            return try body(network)
        } catch {
            print("The deployment failed: \(error)")
            for host in network.hosts { print(host.diagnosis) }
            throw error
        }
    }
}

struct Problem: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Runs a program to its end, half a minute at most, and returns its standard output.
///
/// Its output goes to files: what it leaves running in the background may keep a pipe open for ever.
/// - Throws: When its exit code is not 0; with what it wrote to standard error.
@discardableResult
func tool(_ words: [String]) throws -> String {
    let base = NSTemporaryDirectory() + "tool-" + UUID().uuidString
    let files = [base + "-output", base + "-errors"]
    defer { for file in files { unlink(file) } }
    let pid = try spawn(
        Programs.installed("timeout"), ["-k", "1", "30"] + words, output: files[0], errors: files[1])
    var status: Int32 = 0
    while waitpid(pid, &status, 0) == -1, errno == EINTR {}
    let texts = files.map { String(decoding: FileManager.default.contents(atPath: $0) ?? Data(), as: UTF8.self) }
    guard status == 0 else {
        throw Problem("\(words.joined(separator: " ")) ended with status \(status): \(texts[1])\(texts[0])")
    }
    return texts[0]
}
@discardableResult
func tool(_ words: String...) throws -> String { try tool(words) }
