// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Where a test puts up servers one by one, each with the configuration it needs; all are ended with it.
final class Stage {
    let directory: String
    private(set) var servers: [Server] = []
    private var scripted: [ScriptedServer] = []

    fileprivate init(directory: String) { self.directory = directory }

    /// A real `redis-server`.
    func dataServer(
        _ name: String = "node", replicating master: UInt16? = nil, password: String? = nil,
        security: Security? = nil, lines: [String] = []
    ) throws -> DataServer {
        let server = try DataServer(
            name: name, directory: directory, replicating: master, password: password, security: security,
            lines: lines)
        servers.append(server)
        return server
    }

    /// A master with replicas that follow it already.
    func group(_ name: String = "mymaster", replicas count: Int, lines: [String] = []) throws -> DataGroup {
        let master = try dataServer(name, lines: lines)
        let replicas = try (0..<count).map {
            try dataServer("\(name)-replica\($0)", replicating: master.port, lines: lines)
        }
        try eventually("the replicas follow", within: .seconds(30)) {
            try replicas.allSatisfy { try $0.replicates(from: master) }
        }
        return DataGroup(name: name, servers: [master] + replicas)
    }

    func sentinel(
        _ program: SentinelProgram, monitoring masters: [(name: String, port: UInt16)], options: SentinelOptions,
        security: Security? = nil, executable: String? = nil
    ) throws -> SentinelServer {
        let number = servers.count { $0 is SentinelServer }
        let sentinel = try SentinelServer(
            name: "sentinel\(number)", directory: directory, program: program, monitoring: masters, options: options,
            security: security, executable: executable)
        servers.append(sentinel)
        return sentinel
    }

    /// A sentinel of one master.
    ///
    /// - Parameter debug: What is changed with SENTINEL DEBUG as soon as it runs.
    func sentinel(
        _ program: SentinelProgram, watching port: UInt16, name: String = "mymaster", options: SentinelOptions,
        debug: [String] = []
    ) throws -> SentinelServer {
        let sentinel = try sentinel(program, monitoring: [(name, port)], options: options)
        if !debug.isEmpty { try sentinel.debug(debug) }
        return sentinel
    }

    func scriptedServer(_ script: @escaping ScriptedServer.Script = { _ in nil }) -> ScriptedServer {
        let server = ScriptedServer(script)
        scripted.append(server)
        return server
    }

    /// An executable file.
    ///
    /// Another process writes it: a child that a test running beside forks at that moment would hold it open for
    /// writing, and it could not be executed ("text file busy").
    func shellScript(_ name: String, _ text: String) throws -> String {
        let path = "\(directory)/\(name)"
        let source = path + ".source"
        try "#!/bin/sh\n\(text)\n".write(toFile: source, atomically: false, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: source)
        let copy = try ServerProcess(
            name: "cp", directory: directory + "/cp-\(name)", executable: "/bin/cp", arguments: ["-p", source, path])
        try copy.start()
        guard try copy.waitForExit(within: .seconds(10)) == 0 else {
            throw NotReached(description: "no script \(path): \(copy.errors())")
        }
        return path
    }

    /// A file of the stage, empty while there is none.
    func text(of name: String) -> String {
        String(decoding: FileManager.default.contents(atPath: "\(directory)/\(name)") ?? Data(), as: UTF8.self)
    }

    fileprivate func end() {
        for server in servers { server.process.end() }
        for server in scripted { server.end() }
    }
}

/// Runs `body` with a stage, which is cleared afterwards however that ends.
func withStage<Result>(_ body: (Stage) throws -> Result) throws -> Result {
    try withTemporaryDirectory(in: scenarioDirectory) { directory in
        let stage = Stage(directory: directory)
        defer { stage.end() }
        do {
            return try body(stage)
        } catch {
            print("The scenario failed: \(error)")
            for server in stage.servers { print(server.diagnosis) }
            throw error
        }
    }
}
