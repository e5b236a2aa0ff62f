// SPDX-License-Identifier: Apache-2.0

// A benchmark is a row of steps, one after the other, so it is written as one: asynchronous functions on the main
// actor. The sentinel itself has none of that, for there the order of effects matters more than how the source reads.

import ClusterProcesses
import Dispatch
import EventLoop
import RESP

/// Why a measurement ended early.
enum BenchmarkError: Error {
    case tookTooLong(String, seconds: Int)
    case system(SystemError)
    case noFreePorts
    case unexpected(String)

    var text: String {
        switch self {
        case .tookTooLong(let what, let seconds): "\(what) took more than \(seconds) s"
        case .system(let error): "\(error)"
        case .noFreePorts: "no free ports were found"
        case .unexpected(let what): what
        }
    }
}

/// Lets `milliseconds` pass.
func pause(milliseconds: Int) async {
    await withCheckedContinuation { continuation in
        DispatchQueue.main.asyncAfter(deadline: .now() + .milliseconds(milliseconds)) { continuation.resume() }
    }
}

/// Looks every few milliseconds until `condition` holds.
///
/// - Parameter what: What is waited for, for the message when it does not come.
func wait(
    for what: String, seconds: Int, everyMilliseconds period: Int = 20, until condition: () async -> Bool
) async throws(BenchmarkError) {
    let end = MonotonicClock.now + UInt64(seconds) * 1_000_000_000
    while true {
        if await condition() { return }
        guard MonotonicClock.now < end else { throw .tookTooLong(what, seconds: seconds) }
        await pause(milliseconds: period)
    }
}

/// Turns a system's error into one of the benchmark.
func attempt<Result>(_ body: () throws(SystemError) -> Result) throws(BenchmarkError) -> Result {
    do throws(SystemError) { return try body() } catch { throw .system(error) }
}

extension RedisLink {
    /// Sends a command and waits for the reply; `nil` if the connection fails or ends before it came.
    func ask(_ words: [String]) async -> Value? {
        await withCheckedContinuation { continuation in
            send(words) { continuation.resume(returning: $0) }
        }
    }
}

extension DataServer {
    /// Asks for INFO and waits for the answer.
    func look() async { take(await link.ask(["INFO"])) }
}

extension Member {
    /// As `kill -9`, and waits for the end.
    func end() async {
        await withCheckedContinuation { continuation in kill { continuation.resume() } }
    }
}
