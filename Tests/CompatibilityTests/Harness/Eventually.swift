// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A condition that did not come true in time, or one that did not stay true, with what was seen last.
struct NotReached: Error, CustomStringConvertible {
    let description: String
}

/// Reads a value every few milliseconds until it is as wanted, and returns it.
///
/// An error thrown by `read` counts as "not yet": a server that is being killed refuses connections. The last value or
/// error seen is in the error thrown when time is up. Ends early when the test is cancelled by its time limit.
@discardableResult
func eventually<Value>(
    _ what: String, within limit: Duration, _ read: () throws -> Value, until isReached: (Value) -> Bool
) throws -> Value {
    let end = ContinuousClock.now + limit
    while true {
        let last: String
        do {
            let value = try read()
            if isReached(value) { return value }
            last = "\(value)"
        } catch {
            last = "error: \(error)"
        }
        guard ContinuousClock.now < end else {
            throw NotReached(description: "not within \(limit): \(what); last seen: \(last)")
        }
        guard !Task.isCancelled else {
            throw NotReached(description: "time limit of the test while waiting for: \(what); last seen: \(last)")
        }
        pollPause()
    }
}

/// Waits until `condition` holds.
func eventually(_ what: String, within limit: Duration, _ condition: () throws -> Bool) throws {
    try eventually(what, within: limit, condition, until: { $0 })
}

/// Reads a value every few milliseconds for the whole of `window` and throws as soon as it is not as it must be.
func throughout<Value>(
    _ what: String, for window: Duration, _ read: () throws -> Value, holds: (Value) -> Bool
) throws {
    let end = ContinuousClock.now + window
    while ContinuousClock.now < end, !Task.isCancelled {
        let value = try read()
        guard holds(value) else { throw NotReached(description: "did not stay so: \(what); seen: \(value)") }
        pollPause()
    }
}

/// Lets time pass up to a moment that the scenario itself prescribes, such as "kill it 37 ms later".
func wait(until moment: ContinuousClock.Instant) {
    while ContinuousClock.now < moment, !Task.isCancelled { usleep(500) }
}

/// The pause between two looks of a bounded wait.
private func pollPause() { usleep(4_000) }

extension Duration {
    /// Whole milliseconds, for configuration files and timing lines.
    var milliseconds: Int { Int(components.seconds) * 1_000 + Int(components.attoseconds / 1_000_000_000_000_000) }
}
