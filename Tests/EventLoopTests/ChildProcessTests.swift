// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import EventLoop

extension `Event loop` {
    @Suite struct `A child process` {
        @Test(arguments: [false, true])
        func `reports how it ended`(onThread: Bool) async throws {
            var ends: [ProcessExit] = []
            for (script, end) in [
                ("exit 0", ProcessExit.code(0)), ("exit 255", .code(255)), ("kill -TERM $$", .signal(SIGTERM)),
            ] {
                let child = try ChildProcess(
                    path: "/bin/sh", arguments: ["-c", script], environment: [:], poller: .main, onThread: onThread
                ) { ends.append($0) }
                #expect(child.exitStatus == nil)
                try await eventually { child.exitStatus != nil }
                #expect(child.exitStatus == end)
                #expect(ends.last == end)
                child.killGroup(SIGKILL)  // nobody any more
            }
            await turns(3)
            #expect(ends.count == 3)
        }

        @Test func `that cannot be started is an error`() throws {
            #expect(throws: SystemError(call: "posix_spawn", errno: ENOENT)) {
                try ChildProcess(path: "/nonexistent", arguments: []) { _ in }
            }
            #expect(throws: SystemError(call: "posix_spawn", errno: EACCES)) {
                try ChildProcess(path: "/etc/passwd", arguments: []) { _ in }
            }
        }

        @Test func `can be started without a wait, one after the other`() async throws {
            try await withTemporaryDirectory { directory throws in
                var seen: [String] = []
                for number in 0..<5 {
                    _ = ChildStart(
                        path: number == 2 ? "/nonexistent" : "/bin/sh",
                        arguments: ["-c", "echo \(number) >> \(directory)/out; exit \(number)"], outputLimit: 10,
                        exited: { seen.append("\(number) ended with \($0)") },
                        started: { seen.append("\(number): \((try? $0.get()) != nil)") })
                }
                #expect(seen.isEmpty)
                try await eventually { seen.count == 9 }
                #expect(seen.filter { $0.contains(":") } == ["0: true", "1: true", "2: false", "3: true", "4: true"])
                #expect(seen.contains("4 ended with code(4)"))
                let output = String(decoding: try contents(directory + "/out"), as: UTF8.self)
                #expect(output.split(separator: "\n").sorted() == ["0", "1", "3", "4"])
            }
        }

        @Test func `that waits to be started can be cancelled`() async throws {
            var started: [Int] = []
            var ends = 0
            let starts = (0..<3).map { number in
                ChildStart(
                    path: "/bin/true", arguments: [], exited: { _ in ends += 1 },
                    started: { _ in started.append(number) })
            }
            #expect(starts[1].cancel())
            #expect(!starts[1].cancel())
            try await eventually { started == [0, 2] && ends == 2 }
            #expect(!starts[0].cancel())
        }

        @Test func `is given arguments, environment, no input and none of our descriptors`() async throws {
            let server = try TestServer()
            defer { server.close() }
            let before = openDescriptors()
            let client = Connection(connectingTo: try server.address, delegate: nil)
            defer { client.close() }
            try await eventually { server.connections.count == 1 }
            let opened = Set(openDescriptors().values).subtracting(before.values).filter { $0.hasPrefix("socket:") }
            #expect(opened.count == 2)
            try await withTemporaryDirectory { directory throws in
                let script = """
                    printf '%s|' "$1" "$2" "$ADDED" "$HOME"; cat
                    for name in /proc/self/fd/*; do readlink "$name" >> "$3"; done; true
                    """
                let child = try ChildProcess(
                    path: "/bin/sh",
                    arguments: [
                        "-c", "exec > '\(directory)/out'\n" + script, "sh", "one", "t w o", directory + "/fds",
                    ],
                    environment: ["ADDED": "yes", "HOME": "/replaced"]
                ) { _ in }
                try await eventually { child.exitStatus != nil }
                let output = String(decoding: try FileReplacement.readFile(directory + "/out"), as: UTF8.self)
                #expect(output == "one|t w o|yes|/replaced|")
                let text = String(decoding: try FileReplacement.readFile(directory + "/fds"), as: UTF8.self)
                let links = Set(text.split(separator: "\n").map(String.init))
                #expect(links.contains("/dev/null"))
                #expect(links.isDisjoint(with: opened))
                #expect(!links.contains { $0.contains("eventpoll") || $0.contains("pidfd") })
            }
        }

        @Test func `starts with signals as they are by default`() async throws {
            SignalSource.ignoreBrokenPipes()
            var blocked = sigset_t()
            var old = sigset_t()
            sigemptyset(&blocked)
            sigaddset(&blocked, SIGUSR1)
            pthread_sigmask(Int32(SIG_BLOCK), &blocked, &old)
            let child = try ChildProcess(
                path: "/bin/sh", arguments: ["-c", "grep -E '^Sig(Blk|Ign)' /proc/self/status | grep -vq '0000$'"]
            ) { _ in }
            pthread_sigmask(Int32(SIG_SETMASK), &old, nil)
            try await eventually { child.exitStatus != nil }
            #expect(child.exitStatus == .code(1))  // no line but those of zeros
        }

        @Test func `is killed with all it has started`() async throws {
            let before = openDescriptors().count
            let child = try ChildProcess(
                path: "/bin/sh", arguments: ["-c", "sleep 300 & sleep 300 & wait"]
            ) { _ in }
            let group = child.processID
            try await eventually { members(of: group).count == 3 }
            child.killGroup(SIGKILL)
            try await eventually { child.exitStatus != nil }
            #expect(child.exitStatus == .signal(SIGKILL))
            try await eventually { members(of: group).isEmpty }
            try await eventually { openDescriptors().count == before }
        }

        @Test func `that writes without end is not passed on without end, and can still be ended`() async throws {
            let before = openDescriptors().count
            let child = try ChildProcess(path: "/bin/sh", arguments: ["-c", "exec yes"], outputLimit: 32) { _ in }
            var turns = 0
            try await eventually {
                turns += 1
                return turns > 20
            }
            #expect(child.exitStatus == nil)
            child.killGroup(SIGKILL)
            try await eventually { child.exitStatus != nil }
            try await eventually { openDescriptors().count == before }
        }

        @Test func `has its output dropped where nobody takes it, and never waited with`() async throws {
            let (reader, target) = try System.makePipe()
            defer {
                System.close(reader)
                System.close(target)
            }
            let flags = fcntl(target.number, F_GETFL)
            _ = fcntl(target.number, F_SETFL, flags | O_NONBLOCK)
            let filler = [UInt8](repeating: 0, count: 4096)
            while case .bytes = try System.writeSome(target, filler[...]) {}
            _ = fcntl(target.number, F_SETFL, flags & ~O_NONBLOCK)
            func passOn(_ content: [UInt8]) async throws {
                let before = openDescriptors().count
                let output = try ChildOutput(limit: 100_000, to: target, poller: .main)
                try System.writeAll(output.childEnd, content)
                System.close(output.childEnd)
                try await eventually { openDescriptors().count == before }
            }
            let dropped = ChildOutput.droppedBytes
            try await passOn(bytes("nobody reads this"))
            #expect(ChildOutput.droppedBytes == dropped + 17)
            // Room for some of it.
            var taken = [UInt8](repeating: 0, count: 16_384)
            _ = try System.readSome(reader, into: &taken)
            let content = pattern(60_000)
            try await passOn(content)
            let passed = 60_000 - (ChildOutput.droppedBytes - dropped - 17)
            #expect(passed > 0 && passed < 60_000)
            var all: [UInt8] = []
            taken = [UInt8](repeating: 0, count: 65_536)
            while case .bytes(let count)? = try? System.readSome(reader, into: &taken) { all += taken[..<count] }
            #expect(all.drop { $0 == 0 } == content.prefix(passed).drop { $0 == 0 })
        }

        @Test func `that cannot be started leaves no descriptor of its outputs`() async throws {
            let before = openDescriptors().count
            for _ in 0..<5 {
                _ = try? ChildProcess(path: "/nonexistent", arguments: [], outputLimit: 10) { _ in }
            }
            try await eventually { openDescriptors().count == before }
        }

        /// The living processes of a group.
        private func members(of group: Int32) -> [String] {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
            return names.filter { name in
                guard Int(name) != nil, let status = try? FileReplacement.readFile("/proc/\(name)/stat") else {
                    return false
                }
                // "number (name) state parent group …"
                let fields = String(decoding: status, as: UTF8.self).split(separator: ")").last?.split(separator: " ")
                return fields.map { $0.count > 2 && $0[2] == "\(group)" && $0[0] != "Z" } ?? false
            }
        }
    }
}
