// SPDX-License-Identifier: Apache-2.0

import EventLoop

/// A server of the demo: a process of its own on a loopback port.
final class Player {
    let title: String
    let address: SocketAddress
    private let program: String
    private let arguments: [String]
    private let cleaner: Cleaner
    private var process: ChildProcess?

    var port: UInt16 { address.port ?? 0 }
    var isRunning: Bool { process != nil }

    init(_ title: String, _ address: SocketAddress, program: String, arguments: [String], cleaner: Cleaner) {
        self.title = title
        self.address = address
        self.program = program
        self.arguments = arguments
        self.cleaner = cleaner
    }

    func start() throws(SystemError) {
        var started: ChildProcess?
        started = try ChildProcess(path: program, arguments: arguments) { [weak self] _ in
            if self?.process === started { self?.process = nil }
        }
        if let started { cleaner.watch(started.processID) }
        process = started
    }

    /// kill -9.
    func kill() {
        guard let process else { return }
        cleaner.forget(process.processID)
        process.killGroup(ProcessFacts.killSignal)
        self.process = nil
    }
}

/// The servers of the demo, and the directory they live in.
final class Cast {
    /// A server program found on this machine, or `nil` for the data nodes that the package brings.
    let serverProgram: String?
    let nodes: [Player]
    let sentinels: [Player]
    private let directory: String
    private let cleaner: Cleaner

    var dataNodesAre: String {
        serverProgram.map { "\($0) processes" }
            ?? "embedded data nodes (neither redis-server nor valkey-server is on the PATH)"
    }

    init() throws(SystemError) {
        directory = try Directories.makeTemporary("sentinel-demo")
        cleaner = try Cleaner(directory)
        serverProgram = ["redis-server", "valkey-server"].compactMap { ProcessFacts.program($0) }.first
        var ports: [UInt16] = []
        while ports.count < 6 {
            let port = try FreePort.any()
            if !ports.contains(port) { ports.append(port) }
        }
        let addresses = ports.compactMap { SocketAddress(numericHost: "127.0.0.1", port: $0) }
        let (directory, server, cleaner) = (directory, serverProgram, cleaner)
        for port in ports { try Directories.make("\(directory)/\(port)") }
        nodes = (0..<3).map { index in
            var arguments = ["--port", "\(ports[index])"]
            if let server {
                let home = "\(directory)/\(ports[index])"
                arguments += [
                    "--bind", "127.0.0.1", "--dir", home, "--save", "", "--logfile", "\(home)/log",
                    "--repl-diskless-sync-delay", "0",
                ]
                if index > 0 { arguments += ["--replicaof", "127.0.0.1", "\(ports[0])"] }
                return Player("node \(index + 1)", addresses[index], program: server, arguments: arguments, cleaner: cleaner)
            }
            if index > 0 { arguments += ["--replica-of", "127.0.0.1", "\(ports[0])"] }
            return Player(
                "node \(index + 1)", addresses[index], program: ProcessFacts.executable,
                arguments: ["--data-node"] + arguments, cleaner: cleaner)
        }
        sentinels = (0..<3).map { index in
            let port = ports[3 + index]
            let home = "\(directory)/\(port)"
            AppendFile(path: "\(home)/sentinel.conf").append(
                """
                port \(port)
                bind 127.0.0.1
                dir \(home)
                logfile \(home)/log
                sentinel monitor \(Demo.masterName) 127.0.0.1 \(ports[0]) 2
                sentinel down-after-milliseconds \(Demo.masterName) 1000
                sentinel failover-timeout \(Demo.masterName) 10000

                """)
            return Player(
                "sentinel \(index + 1)", addresses[3 + index], program: ProcessFacts.executable,
                arguments: ["--sentinel", "\(home)/sentinel.conf"], cleaner: cleaner)
        }
    }

    func end() {
        for player in nodes + sentinels { player.kill() }
        cleaner.dismiss()
        Directories.removeTree(directory)
    }
}

/// A port nobody listens on.
enum FreePort {
    static func any() throws(SystemError) -> UInt16 {
        guard let anywhere = SocketAddress(numericHost: "127.0.0.1", port: 0) else { return 0 }
        let listener = try Listener(on: anywhere) { $0.close() }
        defer { listener.close() }
        return listener.localAddress.port ?? 0
    }
}
