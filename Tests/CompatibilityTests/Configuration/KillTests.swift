// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Foundation
import Synchronization
import Testing

import struct SentinelCore.SeededGenerator

/// A sentinel that is killed while it saves as fast as it can.
///
/// - Source: issue 4: at 200 random moments; at every restart the file loads and no epoch or vote went backwards.
@Suite(.ownThread) struct `Killed while saving` {
    private static let lanes = 4
    private static let killsInEach = 50
    /// In one more lane the file can't be replaced.
    private static let killsInPlace = 25

    @Test(.timeLimit(.minutes(5)))
    func `it starts again each time and remembers all it has answered`() throws {
        try withTemporaryDirectory { directory in
            let found = Mutex<(kills: Int, votes: Int, settings: Int, errors: [String])>((0, 0, 0, []))
            DispatchQueue.concurrentPerform(iterations: Self.lanes + 1) { lane in
                let isInPlace = lane == Self.lanes
                do {
                    let victim = try Victim(in: "\(directory)/\(lane)", seed: UInt64(lane), isInPlace: isInPlace)
                    defer { victim.process.end() }
                    for _ in 0..<(isInPlace ? Self.killsInPlace : Self.killsInEach) where !Task.isCancelled {
                        try victim.liveAndDie()
                        found.withLock { $0.kills += 1 }
                    }
                    let (votes, settings) = (victim.votes, victim.settings)
                    found.withLock {
                        $0.votes += votes
                        $0.settings += settings
                    }
                } catch {
                    let description = "lane \(lane): \(error)"
                    found.withLock { $0.errors.append(description) }
                }
            }
            let (kills, votes, settings, errors) = found.withLock { $0 }
            print("\(kills) kills, \(votes) votes and \(settings) settings that had to be remembered")
            for error in errors { Issue.record("\(error)") }
            #expect(kills == Self.lanes * Self.killsInEach + Self.killsInPlace)
            // Else nothing was going on when it died.
            #expect(votes + settings >= kills / 2)
            #expect(votes > 0 && settings > 0)
        }
    }
}

/// A sentinel and all it has answered so far, over its lives.
private final class Victim {
    let process: ServerProcess
    /// What was answered with a vote for the one who asked, or with OK.
    private(set) var votes = 0
    private(set) var settings = 0
    private var answers: Int { votes + settings }
    private var lives = 0
    private let port = LoopbackPort.free()
    private let path: String
    private var generator: SeededGenerator
    /// The epoch of the last vote that was answered.
    private var votedEpoch = 0
    /// The value of the last SET that was answered, by the group it was for.
    private var setValues: [String: Int] = [:]
    private var asked = 0
    /// A client waits for one answer before it asks again: several, so that saves are shared.
    private static let settingGroups = ["m5", "m6", "m7"]
    private static let voters = 3

    /// - Parameter isInPlace: Whether the file is mounted by itself, as into a container.
    init(in directory: String, seed: UInt64, isInPlace: Bool) throws {
        generator = SeededGenerator(seed: seed)
        let configuration = directory + "/sentinel.conf"
        path = isInPlace ? directory + "/outside" : configuration
        var command = [try SentinelProgram.ours.path(), configuration]
        if isInPlace {
            let script = "mount --bind \(path) \(configuration) && exec \"$@\""
            let rights = getuid() == 0 ? ["--mount"] : ["--map-root-user", "--mount"]
            command = [try Programs.installed("unshare")] + rights + ["/bin/sh", "-c", script, "sh"] + command
        }
        process = try ServerProcess(
            name: "victim \(seed)", directory: directory, executable: command[0], arguments: Array(command.dropFirst()))
        var text = "port \(port)\nbind 127.0.0.1\n"
        for number in 0..<20 {
            text += "# group \(number)\nsentinel monitor m\(number) 127.0.0.1 \(7000 + number) 2\n"
            text += "sentinel down-after-milliseconds m\(number) 60000\n"
        }
        for path in Set([path, configuration]) { try text.write(toFile: path, atomically: false, encoding: .utf8) }
    }

    /// Starts it, looks what it remembers, has it save over and over, and kills it in the middle.
    func liveAndDie() throws {
        if process.pid == nil { try process.start() }
        let client = try eventually("it answers", within: .seconds(20)) { () -> RedisClient? in
            guard process.isRunning else { return nil }
            let client = try RedisClient(port: port)
            return try client.request("PING") == .simple("PONG") ? client : nil
        } until: {
            $0 != nil || !process.isRunning
        }
        guard let client else {
            throw NotReached(description: "it does not start: \(process.log().suffix(500)) \(process.errors())")
        }
        try expectNothingForgotten(client)

        // Every second time that is counted from its first answer, which takes long where the disk is busy.
        let span = Duration.microseconds(Int.random(in: 0...200_000, using: &generator))
        let answersBefore = answers
        let limit = ContinuousClock.now + .seconds(20)
        var end = lives.isMultiple(of: 2) ? nil : ContinuousClock.now + span
        lives += 1
        // Some requests are always under way, so that death comes in the middle of things.
        let clients = try (0..<(Self.settingGroups.count + Self.voters)).map { _ in try RedisClient(port: port) }
        var waiting = [Request?](repeating: nil, count: clients.count)
        while ContinuousClock.now < end ?? limit {
            for (index, client) in clients.enumerated() {
                if let request = waiting[index] {
                    guard let reply = try client.nextReply(within: .zero) else { continue }
                    note(reply, to: request)
                }
                let request = nextRequest(of: index)
                try client.send(command: request.words)
                waiting[index] = request
            }
            if end == nil, answers > answersBefore { end = .now + span }
            usleep(200)
        }
        process.kill()
        // What it has said before it died counts.
        for (client, request) in zip(clients, waiting) {
            if let request, let reply = try? client.readReply(within: .seconds(1)) { note(reply, to: request) }
        }
    }

    private enum Request {
        case vote(epoch: Int, candidate: String)
        case set(String, Int)

        var words: [String] {
            switch self {
            case .vote(let epoch, let candidate):
                ["SENTINEL", "IS-MASTER-DOWN-BY-ADDR", "127.0.0.1", "7003", "\(epoch)", candidate]
            case .set(let group, let value): ["SENTINEL", "SET", group, "failover-timeout", "\(value)"]
            }
        }
    }

    private func nextRequest(of client: Int) -> Request {
        asked += 1
        if client < Self.settingGroups.count { return .set(Self.settingGroups[client], asked) }
        let letter = "abcdef".randomElement(using: &generator) ?? "a"
        return .vote(epoch: asked, candidate: String(repeating: letter, count: 40))
    }

    private func note(_ reply: Reply, to request: Request) {
        switch request {
        case .vote(let epoch, let candidate):
            // An epoch that a life before this one has used up is refused with the vote of then.
            guard reply.items.last == .integer(.init(epoch)), reply.items.dropFirst().first?.text == candidate else {
                return
            }
            votedEpoch = max(votedEpoch, epoch)
            votes += 1
        case .set(let group, let value):
            guard reply == .simple("OK") else { return }
            setValues[group] = value
            settings += 1
        }
    }

    private func expectNothingForgotten(_ client: RedisClient) throws {
        // As the sentinel reads it, be it overwritten or about to be.
        let text = String(decoding: try FileReplacement.readFile(path), as: UTF8.self)
        func number(_ head: String) -> Int? {
            text.split(separator: "\n").first { $0.hasPrefix(head + " ") }.flatMap { Int($0.dropFirst(head.count + 1)) }
        }
        func complain(_ what: String) -> NotReached {
            NotReached(description: "\(what); epoch \(votedEpoch), values \(setValues); the file:\n\(text)")
        }
        guard (number("sentinel current-epoch") ?? 0) >= votedEpoch else {
            throw complain("the current epoch went back")
        }
        guard (number("sentinel leader-epoch m3") ?? 0) >= votedEpoch else { throw complain("a vote was forgotten") }
        for (group, value) in setValues where (number("sentinel failover-timeout \(group)") ?? 0) < value {
            throw complain("a setting of \(group) was forgotten")
        }
        guard text.hasPrefix("port \(port)\nbind 127.0.0.1\n# group 0\n") else {
            throw complain("lines of the operator are gone")
        }
        guard votedEpoch > 0 else { return }
        let other = String(repeating: "9", count: 40)
        let answer = try client.request(
            "SENTINEL", "IS-MASTER-DOWN-BY-ADDR", "127.0.0.1", "7003", "\(votedEpoch)", other)
        guard answer.items.count == 3, answer.items[1].text != other else {
            throw complain("it votes twice: \(answer)")
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: (path as NSString).deletingLastPathComponent)
        guard !names.contains(where: { $0.contains(".tmp-") }) else { throw complain("left over: \(names)") }
    }
}
