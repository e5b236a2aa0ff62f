// SPDX-License-Identifier: Apache-2.0

import EventLoop

/// What a person at a terminal reads; plain text when it goes elsewhere.
struct Screen {
    private let output = AppendFile(path: nil)
    private let isTerminal = ProcessFacts.hasTerminal

    func title(_ text: String) { write("\n" + styled(text, "1") + "\n") }
    func line(_ text: String) { write("  \(text)\n") }

    /// A line of a timeline: milliseconds since `start`, then what happened.
    func moment(since start: UInt64, _ text: String, isMilestone: Bool = false) {
        let milliseconds = String((MonotonicClock.now - start) / 1_000_000)
        let column = String(repeating: " ", count: max(0, 7 - milliseconds.utf8.count)) + milliseconds + " ms"
        write("  \(styled(column, "36"))  \(isMilestone ? styled(text, "1;32") : text)\n")
    }

    func failure(_ text: String) { ProcessFacts.complain(Array("\nThe demo failed: \(text)\n".utf8)) }

    private func write(_ text: String) { output.append(text) }
    private func styled(_ text: String, _ code: String) -> String {
        isTerminal ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}
