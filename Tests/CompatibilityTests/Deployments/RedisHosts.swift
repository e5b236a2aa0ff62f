// SPDX-License-Identifier: Apache-2.0

import Foundation

extension TestHost {
    /// Starts a Redis server, and waits until it answers.
    @discardableResult
    func startRedis(port: Int = 6379, replicating master: (address: String, port: Int)? = nil, options: [String] = [])
        throws -> ServerProcess
    {
        let data = path("/var/lib/redis-\(port)")
        try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
        var words = [
            try Programs.installed("redis-server"), "--port", "\(port)", "--protected-mode", "no", "--dir", data,
            "--save", "", "--repl-diskless-sync-delay", "0",
        ]
        if let master { words += ["--replicaof", master.address, "\(master.port)"] }
        let process = try start("redis-\(port)", words + options)
        try awaitAnswer(port: port)
        return process
    }

    /// Starts our sentinel with a file that is on the host, and waits until it answers.
    @discardableResult
    func startSentinel(_ file: String, port: Int = 26379, options: [String] = []) throws -> ServerProcess {
        try FileManager.default.createDirectory(
            atPath: path("/var/lib/sentinel"), withIntermediateDirectories: true)
        let process = try start("sentinel-\(port)", [try SentinelProgram.ours.path(), file] + options)
        try awaitAnswer(port: port)
        return process
    }

    /// Starts Keepalived with a file that is on the host.
    @discardableResult
    func startKeepalived(_ file: String) throws -> ServerProcess {
        try FileManager.default.createDirectory(atPath: path("/run"), withIntermediateDirectories: true)
        let name = "keepalived-\(UUID().uuidString.prefix(8))"
        let process = try start(
            name,
            [
                try Programs.installed("keepalived"), "-n", "-l", "-f", file, "-p", path("/run/keepalived.pid"),
                "-r", path("/run/vrrp.pid"), "--no-syslog",
            ])
        // Before that a signal would end it.
        try eventually("Keepalived of \(label) runs", within: .seconds(15)) {
            process.errors().contains("Startup complete")
        }
        return process
    }

    /// What `redis-cli` prints for a command, without its last newline.
    @discardableResult
    func ask(_ words: String..., address: String = "127.0.0.1", port: Int = 6379) throws -> String {
        let text = try run([try Programs.installed("redis-cli"), "-h", address, "-p", "\(port)"] + words)
        return text.hasSuffix("\n") ? String(text.dropLast()) : text
    }

    /// `host port` of the master that the sentinel of this host tells.
    func told(_ master: String, port: Int = 26379) throws -> String {
        try ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", master, port: port).replacingOccurrences(of: "\n", with: " ")
    }

    func awaitAnswer(port: Int) throws {
        try eventually("\(label):\(port) answers", within: .seconds(15)) {
            let answer = try ask("PING", port: port)
            return answer == "PONG" || answer.hasPrefix("NOAUTH")
        }
    }

    /// Waits until the sentinel of this host knows a group's members and sees all of them well.
    func awaitKnown(_ master: String, replicas: Int, peers: Int, port: Int = 26379) throws {
        try eventually("the sentinel of \(label) knows \(master)", within: .seconds(30)) {
            let words = try ask("SENTINEL", "MASTER", master, port: port).split(separator: "\n").map(String.init)
            func field(_ name: String) -> String? {
                words.firstIndex(of: name).flatMap { $0 + 1 < words.count ? words[$0 + 1] : nil }
            }
            let replicas = try ask("SENTINEL", "REPLICAS", master, port: port)
            let isDown = replicas.contains("s_down") || replicas.contains("disconnected")
            return "\(field("flags") ?? "?") \(field("num-slaves") ?? "?") \(field("num-other-sentinels") ?? "?")"
                + (isDown ? " with a replica down" : "")
        } until: {
            $0 == "master \(replicas) \(peers)"
        }
    }

    /// Waits until a Redis server of this host is a replica in step with its master.
    func awaitInStep(port: Int = 6379) throws {
        try eventually("\(label):\(port) is in step", within: .seconds(20)) {
            try ask("INFO", "replication", port: port).contains("master_link_status:up")
        }
    }
}
