// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SentinelConfiguration
import SentinelCore

/// Writes the log in the original's format, so that what parses its log parses ours.
///
/// - Source: spec/config-and-process.md 6.
final class Logger {
    /// What is less severe is not written; `nil` writes nothing.
    private var threshold: Severity?
    private let file: AppendFile

    init(path: String, level: LogLevel) {
        file = AppendFile(path: path.isEmpty ? nil : path)
        set(level)
    }

    func set(_ level: LogLevel) {
        switch level {
        case .debug: threshold = .debug
        case .verbose: threshold = .verbose
        case .notice: threshold = .notice
        case .warning: threshold = .warning
        case .nothing: threshold = nil
        }
    }

    /// Whether the log can be written at all.
    func check() throws(SystemError) { try file.check() }

    func write(_ severity: Severity, _ text: String) {
        guard let threshold, severity >= threshold else { return }
        let mark =
            switch severity {
            case .debug: "."
            case .verbose: "-"
            case .notice: "*"
            case .warning: "#"
            }
        file.append("\(ProcessFacts.id):X \(LocalTime().logText) \(mark) \(Self.line(text))\n")
    }

    /// A line of what came in from a signal; it has no level. The time is in seconds.
    func writeFromSignal(_ text: String) {
        guard threshold != nil else { return }
        file.append("\(ProcessFacts.id):signal-handler (\(LocalTime.microseconds / 1_000_000)) \(text)\n")
    }

    /// One line, whatever a client put into it.
    private static func line(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 < 0x20 }) else { return text }
        return String(decoding: text.utf8.map { $0 < 0x20 ? 0x20 : $0 }, as: UTF8.self)
    }
}
