// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SentinelConfiguration
import SentinelCore

/// Writes the log in the original's format, so that what parses its log parses ours.
///
/// The file is opened for each line, so that it can be rotated by renaming it.
/// - Source: spec/config-and-process.md 6.
final class Logger {
    /// Bytes of the longest text; what is longer is cut.
    private static let longestText = 1023

    /// What is less severe is not written; `nil` writes nothing.
    private var threshold: Severity?
    private let file: AppendFile
    private let systemLog: SystemLog?

    init(_ settings: ServerSettings) {
        file = AppendFile(path: settings.logFile.isEmpty ? nil : settings.logFile)
        systemLog =
            settings.logsToSyslog
            ? SystemLog(identity: settings.syslogIdentity, facility: settings.syslogFacility.number) : nil
        set(settings.logLevel)
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
        let (mark, syslogSeverity): (Character, SystemLog.Severity) =
            switch severity {
            case .debug: (".", .debug)
            case .verbose: ("-", .info)
            case .notice: ("*", .notice)
            case .warning: ("#", .warning)
            }
        let line = Self.line(text)
        file.append("\(ProcessFacts.id):X \(LocalTime().logText) \(mark) \(line)\n")
        systemLog?.write(syslogSeverity, line)
    }

    /// A line of what came in from a signal; it has no level and is for the file alone. The time is in seconds.
    func writeFromSignal(_ text: String) {
        guard threshold != nil else { return }
        file.append("\(ProcessFacts.id):signal-handler (\(LocalTime.microseconds / 1_000_000)) \(text)\n")
    }

    /// One line, whatever a client put into it.
    private static func line(_ text: String) -> String {
        var text = text
        if text.utf8.contains(where: { $0 < 0x20 }) {
            text = String(decoding: text.utf8.map { $0 < 0x20 ? 0x20 : $0 }, as: UTF8.self)
        }
        guard text.utf8.count > longestText else { return text }
        var end = text.utf8.index(text.startIndex, offsetBy: longestText)
        while end.samePosition(in: text.unicodeScalars) == nil { end = text.utf8.index(before: end) }
        return String(text[..<end])
    }
}

extension SyslogFacility {
    /// - Source: RFC 3164 4.1.1.
    fileprivate var number: Int {
        switch self {
        case .user: 1
        case .local0: 16
        case .local1: 17
        case .local2: 18
        case .local3: 19
        case .local4: 20
        case .local5: 21
        case .local6: 22
        case .local7: 23
        }
    }
}
