// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import EventLoop

extension `Event loop` {
    @Suite struct `Replacing a file` {
        @Test func `makes one that did not exist, with the mode asked for`() async throws {
            try await withTemporaryDirectory { directory throws in
                let path = directory + "/new.conf"
                #expect(try replaceFile(path, bytes("a"), mode: 0o640) == .renamed)
                #expect(try contents(path) == bytes("a"))
                #expect(try attributes(path)?.mode == 0o640)
                #expect(names(directory) == ["new.conf"])
            }
        }

        @Test func `keeps mode and owner, and is seen whole by whoever has the old one open`() async throws {
            try await withTemporaryDirectory { directory throws in
                let path = directory + "/old.conf"
                try Data("old contents".utf8).write(to: URL(fileURLWithPath: path))
                chmod(path, 0o604)
                if getuid() == 0 { chown(path, 1234, 2345) }
                let before = try attributes(path)
                let reader = try System.openForReading(path)
                let content = pattern(1 << 20)
                var result: Result<FileReplacement.Method, SystemError>?
                FileReplacement.replace(path: path, contents: content) { result = $0 }
                #expect(result == nil)
                try await eventually { result != nil }
                #expect(result == .success(.renamed))
                #expect(try contents(path) == content)
                #expect(try attributes(path) == before)
                let seen = try System.readAll(reader)
                #expect(seen == bytes("old contents"))
                System.close(reader)
                #expect(names(directory) == ["old.conf"])
            }
        }

        /// As a tool for configurations leaves it while we run; we may replace it, and must be able to start with it again.
        @Test(arguments: [(0o444, 0o644), (0o440, 0o640), (0o400, 0o600)] as [(mode_t, UInt16)])
        func `leaves one that its owner may read and write`(before: mode_t, after: UInt16) async throws {
            try await withTemporaryDirectory { directory throws in
                let path = directory + "/old.conf"
                try Data("old contents".utf8).write(to: URL(fileURLWithPath: path))
                chmod(path, before)
                #expect(try replaceFile(path, bytes("new")) == .renamed)
                #expect(try attributes(path)?.mode == after)
            }
        }

        @Test func `is held up by no other file, and keeps the order of one`() async throws {
            try await withTemporaryDirectory { directory throws in
                // Whoever opens it waits until somebody writes to it, as on a disk that hangs.
                let hung = directory + "/hung"
                #expect(mkfifo(hung, 0o600) == 0)
                var hungResults = 0
                FileReplacement.change(path: hung, with: { _ in [0] }) { _ in hungResults += 1 }
                FileReplacement.replace(path: hung, contents: bytes("last")) { _ in hungResults += 1 }
                var order: [Int] = []
                for number in 0..<20 {
                    FileReplacement.replace(path: directory + "/file", contents: bytes("\(number)")) { result in
                        #expect(result == .success(.renamed))
                        order.append(number)
                    }
                }
                do {
                    try await eventually { order.count == 20 }
                } catch {
                    Issue.record("one file holds up the other")
                }
                #expect(order == Array(order.indices) && hungResults == 0)
                #expect(FileReplacement.laneCount == 1)
                System.close(try System.openForAppending(hung))
                try await eventually { hungResults == 2 && order.count == 20 }
                #expect(try contents(hung) == bytes("last") && contents(directory + "/file") == bytes("19"))
                #expect(FileReplacement.laneCount == 0)
            }
        }

        @Test func `goes through symbolic links, dangling ones too`() async throws {
            try await withTemporaryDirectory { directory throws in
                let manager = FileManager.default
                try manager.createDirectory(atPath: directory + "/real", withIntermediateDirectories: false)
                try manager.createSymbolicLink(atPath: directory + "/middle", withDestinationPath: "real/file")
                try manager.createSymbolicLink(
                    atPath: directory + "/link", withDestinationPath: directory + "/middle")
                for text in ["first", "second"] {
                    #expect(try replaceFile(directory + "/link", bytes(text)) == .renamed)
                    #expect(try contents(directory + "/real/file") == bytes(text))
                }
                #expect(try linkTarget(directory + "/link") == directory + "/middle")
                #expect(try linkTarget(directory + "/middle") == "real/file")
                try manager.createSymbolicLink(atPath: directory + "/loop", withDestinationPath: "loop")
                #expect(throws: System.tooManyLinks) {
                    try replaceFile(directory + "/loop", [])
                }
            }
        }

        @Test func `overwrites in place where the directory takes no file`() async throws {
            try await withTemporaryDirectory { directory throws in
                let path = directory + "/file"
                try Data("something that was longer".utf8).write(to: URL(fileURLWithPath: path))
                chmod(path, 0o666)
                chmod(directory, 0o555)
                let method = try asNobody {
                    try replaceFile(path, bytes("short"))
                }
                #expect(method == .overwritten(because: SystemError(call: "open", errno: EACCES)))
                #expect(try contents(path) == bytes("short"))
                #expect(throws: SystemError(call: "open", errno: EACCES)) {
                    try asNobody {
                        try replaceFile(directory + "/new", [])
                    }
                }
                chmod(directory, 0o755)
                #expect(names(directory) == ["file"])
            }
        }

        /// Only root may mount.
        @Test func `overwrites in place a file that is mounted by itself`() async throws {
            try await withTemporaryDirectory { directory throws in
                let path = directory + "/file"
                try Data("old".utf8).write(to: URL(fileURLWithPath: path))
                try Data("other".utf8).write(to: URL(fileURLWithPath: directory + "/other"))
                let isMounted = mount(directory + "/other", path, "none", UInt(MS_BIND), nil) == 0
                try #require(isMounted, "\(SystemError(call: "mount", errno: errno))")
                defer { umount2(path, Int32(MNT_DETACH)) }
                let method = try replaceFile(path, bytes("new"))
                #expect(method == .overwritten(because: SystemError(call: "rename", errno: EBUSY)))
                #expect(try contents(directory + "/other") == bytes("new"))
                #expect(names(directory) == ["file", "other"])
            }
        }

        @Test func `says what failed and leaves nothing behind`() async throws {
            try await withTemporaryDirectory { directory throws in
                #expect(throws: SystemError(call: "open", errno: ENOENT)) {
                    try replaceFile(directory + "/missing/file", [])
                }
                try FileManager.default.createDirectory(
                    atPath: directory + "/directory", withIntermediateDirectories: false)
                #expect(throws: SystemError(call: "rename", errno: EISDIR)) {
                    try replaceFile(directory + "/directory", [])
                }
                #expect(throws: SystemError(call: "open", errno: ENOENT)) {
                    try contents(directory + "/missing")
                }
                #expect(names(directory) == ["directory"])
            }
        }

        private func names(_ directory: String) -> [String] {
            ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).sorted()
        }

        /// Runs `body` with no right to files but everyone's; the kernel keeps this for each thread.
        private func asNobody<Value>(_ body: () throws -> Value) throws -> Value {
            typealias SetUser = @convention(c) (UInt32) -> Int32
            guard let symbol = dlsym(nil, "setfsuid") else { return try body() }
            let setUser = unsafeBitCast(symbol, to: SetUser.self)
            let own = setUser(65_534)
            defer { _ = setUser(UInt32(own)) }
            return try body()
        }
    }
}
