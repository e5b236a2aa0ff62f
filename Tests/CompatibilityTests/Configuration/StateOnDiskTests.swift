// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Where the file can't be replaced, and where nothing can be written, on real file systems.
///
/// - Source: issue 4; spec/config-and-process.md 4, Refusals, and 5.3.
@Suite(.serialized, .ownThread) struct `State on disk` {
    private static let configuration = """
        port $PORT
        bind 127.0.0.1
        sentinel monitor m 127.0.0.1 6379 2
        sentinel down-after-milliseconds m 60000

        """

    /// Runs `body` with a sentinel on a file system of 64 KiB that holds nothing but its configuration.
    private func withSmallDisk(_ body: (IsolatedSentinel, _ path: String) throws -> Void) throws {
        try withTemporaryDirectory { directory in
            let sentinel = try IsolatedSentinel(
                in: directory, configuration: Self.configuration,
                .init(commands: [
                    "mkdir $DIR/small", "mount -t tmpfs -o size=64k tmpfs $DIR/small",
                    "cp $DIR/sentinel.conf $DIR/small/", "ln -sf $DIR/small/sentinel.conf $DIR/sentinel.conf",
                ]))
            defer { sentinel.process.end() }
            try sentinel.start()
            try body(sentinel, directory + "/small/sentinel.conf")
        }
    }

    /// Checks what must hold while nothing can be written, from the first save that fails to the one that succeeds.
    private func expectRefusals(
        _ sentinel: IsolatedSentinel, _ path: String, why: String, breaking: () throws -> Void,
        mending: () throws -> Void
    ) throws {
        let events = try RedisClient(port: sentinel.port)
        _ = try events.request("PSUBSCRIBE", "*state-not-saved")
        let first = try sentinel.vote(3)
        #expect(first.dropFirst().first?.text == String(repeating: "c", count: 40))
        #expect(first.last == .integer(3))
        #expect(sentinel.text(of: path).contains("sentinel leader-epoch m 3\n"))
        #expect(try sentinel.isDurable)

        try breaking()
        let before = sentinel.text(of: path)
        for epoch in 4...6 {
            for candidate: Character in ["c", "d"] {
                #expect(try sentinel.vote(epoch, for: candidate) == [.integer(0), .bulk("*"), .integer(0)])
            }
        }
        let refusal = try sentinel.ask("SENTINEL", "SET", "m", "quorum", "1")
        #expect(refusal.text?.hasPrefix("ERR") == true || refusal.text?.contains("save") == true, "\(refusal)")
        #expect(try !sentinel.isDurable)
        #expect(try sentinel.ask("PING") == .simple("PONG"))
        #expect(try sentinel.ask("SENTINEL", "MASTER", "m").fields["flags"] != nil)
        #expect(try events.readReply(within: .seconds(5)).items.dropFirst(2).first?.text == "+state-not-saved")
        #expect(sentinel.logged("was not able to save the new configuration on disk!!!: \(why)") == 1)
        #expect(sentinel.text(of: path) == before)

        try mending()
        try eventually("it is saved again by itself", within: .seconds(40)) { try sentinel.isDurable }
        #expect(try events.readReply(within: .seconds(5)).items.dropFirst(2).first?.text == "-state-not-saved")
        #expect(sentinel.text(of: path).contains("sentinel leader-epoch m 6\n"))
        #expect(try sentinel.vote(7).last == .integer(7))
        let names = try FileManager.default.contentsOfDirectory(
            atPath: sentinel.inside((path as NSString).deletingLastPathComponent))
        #expect(names == ["sentinel.conf"])
    }

    @Test(.timeLimit(.minutes(3)))
    func `that is full takes no vote, and the monitoring goes on`() throws {
        try withSmallDisk { sentinel, path in
            let filler = sentinel.inside((path as NSString).deletingLastPathComponent + "/filler")
            try expectRefusals(sentinel, path, why: "No space left on device") {
                fill(filler)
            } mending: {
                try FileManager.default.removeItem(atPath: filler)
            }
        }
    }

    @Test(.timeLimit(.minutes(3)))
    func `that becomes read-only takes no vote, and the monitoring goes on`() throws {
        try withSmallDisk { sentinel, path in
            let mountPoint = (path as NSString).deletingLastPathComponent
            try expectRefusals(sentinel, path, why: "Read-only file system") {
                try sentinel.run("mount", "-o", "remount,ro", mountPoint)
            } mending: {
                try sentinel.run("mount", "-o", "remount,rw", mountPoint)
            }
        }
    }

    @Test(.timeLimit(.minutes(3)))
    func `that is full at the start takes the new identity as soon as it can`() throws {
        try withTemporaryDirectory { directory in
            let filler = "\(directory)/small/filler"
            let sentinel = try IsolatedSentinel(
                in: directory, configuration: Self.configuration,
                .init(commands: [
                    "mkdir $DIR/small", "mount -t tmpfs -o size=64k tmpfs $DIR/small",
                    "cp $DIR/sentinel.conf $DIR/small/", "ln -sf $DIR/small/sentinel.conf $DIR/sentinel.conf",
                    "{ cat /dev/zero > \(filler) 2>$DIR/full; test -s $DIR/full; }",
                ]))
            defer { sentinel.process.end() }
            try sentinel.start()
            let path = directory + "/small/sentinel.conf"
            try eventually("it knows that it has not saved", within: .seconds(5)) { try !sentinel.isDurable }
            #expect(!sentinel.text(of: path).contains("sentinel myid"))
            try FileManager.default.removeItem(atPath: sentinel.inside(filler))
            try eventually("its identity is saved by itself", within: .seconds(40)) { try sentinel.isDurable }
            let identity = try sentinel.ask("SENTINEL", "MYID").text ?? "?"
            #expect(sentinel.text(of: path).contains("sentinel myid \(identity)\n"))
        }
    }

    /// Writes until nothing more fits.
    private func fill(_ path: String) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        defer { close(descriptor) }
        for size in [4096, 512, 1] {
            let chunk = [UInt8](repeating: 0x78, count: size)
            while write(descriptor, chunk, size) > 0 {}
        }
    }

    @Test(.timeLimit(.minutes(2)))
    func `for one file alone is written in place, with one warning`() throws {
        try withTemporaryDirectory { directory in
            let sentinel = try IsolatedSentinel(
                in: directory, configuration: Self.configuration,
                .init(commands: ["mount --bind $DIR/outside $DIR/sentinel.conf"]),
                prepare: { try FileManager.default.copyItem(atPath: $0 + "/sentinel.conf", toPath: $0 + "/outside") })
            defer { sentinel.process.end() }
            try expectInPlace(sentinel, path: directory + "/outside", because: "rename: Device or resource busy")
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory).allSatisfy { !$0.contains(".tmp-") })
        }
    }

    @Test(.timeLimit(.minutes(2)))
    func `in a directory that takes no file is written in place, with one warning`() throws {
        try withTemporaryDirectory { directory in
            let sentinel = try IsolatedSentinel(
                in: directory, configuration: Self.configuration, .init(asNobody: true),
                prepare: {
                    chmod($0 + "/sentinel.conf", 0o644)
                    if getuid() == 0 { chown($0 + "/sentinel.conf", 65534, 65534) } else { chmod($0, 0o555) }
                })
            defer {
                sentinel.process.end()
                chmod(directory, 0o755)
            }
            try expectInPlace(sentinel, path: directory + "/sentinel.conf", because: "open: Permission denied")
        }
    }

    private func expectInPlace(_ sentinel: IsolatedSentinel, path: String, because why: String) throws {
        try sentinel.start()
        for epoch in 1...5 { #expect(try sentinel.vote(epoch).last == .integer(.init(epoch))) }
        let text = String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
        #expect(text.contains("sentinel leader-epoch m 5\n"))
        #expect(text.hasSuffix("\n") && !text.contains("#~"))
        #expect(sentinel.logged("can't be replaced (\(why)) and is written in place") == 1)
        #expect(try sentinel.isDurable)
        let id = try sentinel.ask("SENTINEL", "MYID").text
        sentinel.process.kill()
        try sentinel.start()
        #expect(try sentinel.ask("SENTINEL", "MYID").text == id)
        #expect(try sentinel.vote(5, for: "d").last == .integer(5))
        #expect(try sentinel.vote(5, for: "d")[1].text != String(repeating: "d", count: 40))
    }

    /// The configuration may be replaced by one that does not say it before anything else happens.
    @Test(.timeLimit(.minutes(1)))
    func `beside the configuration is there from the start on`() throws {
        try withTemporaryDirectory { directory in
            let identity = String(repeating: "d", count: 40)
            let memory = ["sentinel myid \(identity)", "sentinel config-epoch m 3", "sentinel leader-epoch m 4"]
            let life = try Life(
                .ours, in: directory,
                Circumstances(
                    lines: [
                        "port PORT", "sentinel state-file DIR/state",
                        "sentinel monitor m 127.0.0.1 \(LoopbackPort.free()) 2", "sentinel current-epoch 4",
                    ] + memory))
            defer { life.process.end() }
            try life.awaitStart()
            try eventually("all is there", within: .seconds(10)) {
                let state = (try? String(contentsOfFile: life.directory + "/state", encoding: .utf8)) ?? ""
                return memory.allSatisfy { state.contains("\($0)\n") }
            }
        }
    }

    @Test(.timeLimit(.minutes(2)))
    func `that is read-only is refused at start with the original's words`() throws {
        var texts: [String] = []
        for program in SentinelProgram.allCases {
            try withTemporaryDirectory { directory in
                let sentinel = try IsolatedSentinel(
                    program, in: directory, configuration: Self.configuration, .init(asNobody: true),
                    prepare: { chmod($0 + "/sentinel.conf", 0o444) })
                defer { sentinel.process.end() }
                try sentinel.process.start()
                #expect(try sentinel.process.waitForExit(within: .seconds(20)) == 1)
                let last = sentinel.process.log().split(separator: "\n").last ?? ""
                texts.append(
                    last.split(separator: " ", maxSplits: 6).last.map { String($0).replacing(directory, with: "") }
                        ?? "")
            }
        }
        #expect(texts[0] == "Sentinel config file /sentinel.conf is not writable: Permission denied. Exiting...")
        #expect(texts[0] == texts[1])
    }

    @Test(.timeLimit(.minutes(2)))
    func `may be read-only when a state file is named, and all that happened survives`() throws {
        try withTemporaryDirectory { directory in
            let sentinel = try IsolatedSentinel(
                in: directory, configuration: Self.configuration + "sentinel state-file $DIR/state/s\n",
                .init(asNobody: true),
                prepare: {
                    chmod($0 + "/sentinel.conf", 0o444)
                    try FileManager.default.createDirectory(atPath: $0 + "/state", withIntermediateDirectories: false)
                    chown($0 + "/state", getuid() == 0 ? 65534 : getuid(), getgid())
                })
            defer { sentinel.process.end() }
            let before = sentinel.configurationText
            try sentinel.start()
            let id = try sentinel.ask("SENTINEL", "MYID").text
            #expect(try sentinel.vote(4).last == .integer(4))
            // A peer's hello that knows of a failover.
            let hello = "127.0.0.1,5001,\(String(repeating: "e", count: 40)),6,m,127.0.0.1,6390,6"
            _ = try sentinel.ask("PUBLISH", "__sentinel__:hello", hello)
            #expect(try sentinel.ask("SENTINEL", "SET", "m", "down-after-milliseconds", "4321") == .simple("OK"))
            #expect(try sentinel.ask("SENTINEL", "MONITOR", "other", "127.0.0.1", "6400", "1") == .simple("OK"))

            let path = directory + "/state/s"
            #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
            sentinel.process.kill()
            // What a crash may leave beside it.
            let leftover = path + ".tmp-999999999-1"
            try Data("sentinel cur".utf8).write(to: URL(fileURLWithPath: leftover))
            try sentinel.start()
            #expect(!FileManager.default.fileExists(atPath: leftover))
            #expect(try sentinel.ask("SENTINEL", "MYID").text == id)
            let master = try sentinel.ask("SENTINEL", "MASTER", "m").fields
            #expect(master["port"] == "6390" && master["down-after-milliseconds"] == "4321")
            #expect(master["config-epoch"] == "6" && master["num-other-sentinels"] == "1")
            #expect(try sentinel.ask("SENTINEL", "MASTER", "other").fields["port"] == "6400")
            #expect(sentinel.configurationText == before)

            // Cut off, it is refused with its name, and nothing is touched.
            sentinel.process.kill()
            let whole = try Data(contentsOf: URL(fileURLWithPath: path))
            try whole.dropLast(10).write(to: URL(fileURLWithPath: path))
            try sentinel.process.start()
            #expect(try sentinel.process.waitForExit(within: .seconds(20)) == 1)
            #expect(
                sentinel.process.errors().contains(
                    "In the state file '\(path)'\nReading the configuration file, at line"))
            #expect(sentinel.process.errors().contains("it was cut off"))
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == whole.dropLast(10))
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `that a state file can't be made on is refused at start`() throws {
        try withTemporaryDirectory { directory in
            let sentinel = try IsolatedSentinel(
                in: directory, configuration: Self.configuration + "sentinel state-file /proc/nowhere/s\n",
                .init(asNobody: true))
            defer { sentinel.process.end() }
            try sentinel.process.start()
            #expect(try sentinel.process.waitForExit(within: .seconds(20)) == 1)
            #expect(
                sentinel.logged("Sentinel state file /proc/nowhere/s is not writable: No such file or directory.") == 1)
        }
    }
}

extension IsolatedSentinel {
    fileprivate var configurationText: String {
        String(decoding: FileManager.default.contents(atPath: directory + "/sentinel.conf") ?? Data(), as: UTF8.self)
    }
}
