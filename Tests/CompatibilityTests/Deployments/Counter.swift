// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A client that increments a counter all the time (`counter.py`), and what it saw.
final class Counter {
    /// One attempt.
    struct Attempt: CustomStringConvertible {
        /// Monotonic.
        let milliseconds: Int
        /// The counter after a write that was acknowledged; `nil` after an error.
        let value: Int?
        /// Which server acknowledged it, where that is asked.
        let server: String?
        let text: String

        var description: String { "\(milliseconds) \(text)" }
    }

    private let process: ServerProcess

    /// - Parameter master: Which group's master to write to, when `address` and `port` are those of a sentinel.
    /// - Parameter asksWho: Whether each write says which server took it. Not through proxies, which know no
    ///   transactions.
    init(
        on host: TestHost, to address: String, port: Int, asksWho: Bool, password: String? = nil, master: String? = nil
    )
        throws
    {
        let script = (#filePath as NSString).deletingLastPathComponent + "/counter.py"
        process = try host.start(
            "counter-\(UUID().uuidString.prefix(8))",
            [try Programs.installed("python3"), script, address, "\(port)"] + (asksWho ? ["--who"] : [])
                + (password.map { ["--password", $0] } ?? []) + (master.map { ["--master", $0] } ?? []))
    }

    var attempts: [Attempt] {
        // The last line may be half written.
        process.log().split(separator: "\n", omittingEmptySubsequences: false).dropLast().compactMap { line in
            let words = line.split(separator: " ", maxSplits: 1).map(String.init)
            guard words.count == 2, let time = Int(words[0]) else { return nil }
            let rest = words[1].split(separator: " ").map(String.init)
            let isWrite = rest.first == "ok"
            return Attempt(
                milliseconds: time, value: isWrite && rest.count > 1 ? Int(rest[1]) : nil,
                server: isWrite && rest.count > 2 ? rest[2] : nil, text: words[1])
        }
    }

    var writes: [Attempt] { attempts.filter { $0.value != nil } }

    /// Waits for `count` acknowledged writes more than there are now.
    func awaitWrites(_ count: Int = 20, within limit: Duration = .seconds(30)) throws {
        let before = writes.count
        try eventually("\(count) more writes; last: \(attempts.last?.description ?? "none")", within: limit) {
            writes.count >= before + count
        }
    }

    /// The longest time between two acknowledged writes after the first `count` of them.
    func longestOutage(afterWrites count: Int = 0) -> Duration {
        let times = writes.dropFirst(count).map(\.milliseconds)
        return .milliseconds(zip(times, times.dropFirst()).map { $1 - $0 }.max() ?? 0)
    }

    /// The servers that took writes, in order, each once for every time it took over.
    var servers: [String] { takeovers.compactMap(\.server) }

    /// The first write that each of them took after another one had taken some.
    var takeovers: [Attempt] {
        var takeovers: [Attempt] = []
        for write in writes where write.server != takeovers.last?.server { takeovers.append(write) }
        return takeovers
    }

    func end() { process.end() }
}

/// Where the recipes lie.
func recipe(_ file: String) -> String {
    var root = #filePath as NSString
    for _ in 0..<4 { root = root.deletingLastPathComponent as NSString }
    return root.appendingPathComponent("Docs/deployments/" + file)
}
