// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension RealServers {
    /// The recipe `Docs/deployments/systemd`.
    ///
    /// That the sentinel tells systemd when it is ready, that it lives and that it stops is shown over a real socket by
    /// the tests of the process.
    @Suite struct SystemdRecipe {
        private let unit = recipe("systemd/swift-sentinel.service")

        @Test func `the unit is one that systemd accepts, and lets little through`() throws {
            let analyze = try Programs.installed("systemd-analyze")
            // It complains of a program that is not there, so it is given one that is.
            try withTemporaryDirectory { directory in
                let text = try String(contentsOfFile: unit, encoding: .utf8)
                    .replacingOccurrences(of: "/usr/bin/redis-sentinel", with: SentinelProgram.ours.path())
                let copy = directory + "/swift-sentinel.service"
                try text.write(toFile: copy, atomically: false, encoding: .utf8)
                try tool(analyze, "verify", "--man=no", copy)
                let report = try tool(analyze, "security", "--offline=true", "--no-pager", copy)
                let line = try #require(report.split(separator: "\n").last { $0.contains("exposure level") })
                let level = try #require(line.split(separator: " ").compactMap { Double($0) }.first)
                print("systemd: exposure level \(level) of 10")
                #expect(level < 2.5)
            }
        }

        @Test func `what the unit hardens is there`() throws {
            let lines = try String(contentsOfFile: unit, encoding: .utf8).split(separator: "\n").map(String.init)
            for line in [
                "Type=notify", "NoNewPrivileges=yes", "ProtectSystem=strict", "ReadWritePaths=/etc/redis",
                "CapabilityBoundingSet=", "ExecReload=/bin/kill -HUP $MAINPID",
            ] { #expect(lines.contains(line), "\(line)") }
            #expect(lines.contains { $0.hasPrefix("LimitNOFILE=") })
        }

        @Test(.timeLimit(.minutes(1)))
        func `started by the unit's own command, it is ready, takes SIGHUP, and stops when told to`() throws {
            try withTemporaryDirectory { directory in
                let port = LoopbackPort.free()
                let file = directory + "/sentinel.conf"
                try "port \(port)\nbind 127.0.0.1\ndir \(directory)\n".write(
                    toFile: file, atomically: false, encoding: .utf8)
                let socket = try NotifySocket(path: directory + "/notify")
                let command = try #require(
                    String(contentsOfFile: unit, encoding: .utf8).split(separator: "\n")
                        .first { $0.hasPrefix("ExecStart=") })
                let words = command.split(separator: " ").map(String.init).dropFirst(2)
                let process = try ServerProcess(
                    name: "unit", directory: directory + "/unit", executable: Programs.installed("env"),
                    arguments: ["NOTIFY_SOCKET=\(socket.path)", try SentinelProgram.ours.path(), file] + words)
                try process.start()
                defer { process.end() }
                try socket.await("READY=1")
                process.signal(SIGHUP)
                try eventually("it answers after SIGHUP", within: .seconds(5)) {
                    try RedisClient(port: port).request("PING") == .simple("PONG")
                }
                process.signal(SIGTERM)
                try socket.await("STOPPING=1")
                #expect(try process.waitForExit(within: .seconds(5)) == 0)
            }
        }

        @Test(.timeLimit(.minutes(2)))
        func `with the unit's system calls only, it saves, fails over and runs scripts`() throws {
            try withStage { stage in
                let group = try stage.group(replicas: 1)
                let filter = Programs.repository + "/Tests/CompatibilityTests/Deployments/filtered.py"
                let sentinel = try stage.sentinel(
                    .ours, monitoring: [(group.name, group.servers[0].port)],
                    options: SentinelOptions(
                        quorum: 1, downAfter: .seconds(1),
                        masterLines: [("client-reconfig-script", stage.shellScript("told", "echo $5 $7 > $0.out"))]),
                    executable: stage.shellScript(
                        "filtered",
                        "exec /usr/bin/python3 \(filter) \(unit) \(SentinelProgram.ours.path()) \"$@\""))
                try FileManager.default.setAttributes(
                    [.posixPermissions: 0o640], ofItemAtPath: sentinel.configurationPath)
                try eventually("it knows the replica, and its file does", within: .seconds(30)) {
                    sentinel.rememberedLines.contains { $0[1] == "known-replica" }
                }
                group.servers[0].process.kill()
                try eventually("the replica is the master, in the file as well", within: .seconds(30)) {
                    sentinel.rememberedLines
                } until: {
                    $0.contains { $0[1] == "monitor" && $0[4] == "\(group.servers[1].port)" }
                }
                try eventually("the script has run", within: .seconds(10)) {
                    stage.text(of: "told.out") == "\(group.servers[0].port) \(group.servers[1].port)\n"
                }
                let attributes = try FileManager.default.attributesOfItem(atPath: sentinel.configurationPath)
                #expect(attributes[.posixPermissions] as? Int == 0o640)
                #expect(sentinel.process.isRunning)
            }
        }
    }
}

/// The socket on which systemd hears of its services.
private final class NotifySocket {
    let path: String
    private let descriptor: Int32
    private var messages: [String] = []

    init(path: String) throws {
        self.path = path
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { throw Problem("\(path) is too long") }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let code = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) }
        }
        guard code == 0 else { throw Problem("cannot bind \(path): errno \(errno)") }
    }

    deinit { close(descriptor) }

    /// Waits until this line has been sent.
    func await(_ line: String) throws {
        try eventually("\(line) on the notify socket", within: .seconds(10)) {
            var buffer = [UInt8](repeating: 0, count: 4096)
            while case let count = recv(descriptor, &buffer, buffer.count, 0), count > 0 {
                messages.append(String(decoding: buffer[..<count], as: UTF8.self))
            }
            return messages.flatMap { $0.split(separator: "\n").map(String.init) }
        } until: {
            $0.contains(line)
        }
    }
}
