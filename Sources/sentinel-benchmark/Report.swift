// SPDX-License-Identifier: Apache-2.0

import ClusterProcesses
import EventLoop

/// What a scenario came to, and how it is told.
struct Report {
    var title = ""
    var measures: [Measure] = []
    var notes: [String] = []

    private static let numberWidth = 10

    /// A table for people; with one program there is nothing to compare.
    func lines(subjects: [Subject]) -> [String] {
        let nameWidth = max(12, measures.map { $0.name.count + $0.unit.count + 2 }.max() ?? 0) + 1
        var header = Console.padded("", nameWidth)
        for subject in subjects {
            for column in ["\(subject)", "max"] { header += Console.padded(column, Self.numberWidth, onLeft: true) }
        }
        if subjects.count > 1 { header += Console.padded("ratio", Self.numberWidth, onLeft: true) }
        var lines = [Console.bold(title), Console.faint(header)]
        for measure in measures {
            let unit = measure.unit.isEmpty ? "" : ", \(measure.unit)"
            var line = Console.padded(measure.name + unit, nameWidth)
            for subject in subjects {
                let summary = measure.summary(of: subject)
                for number in [summary?.median, summary?.maximum] { line += Self.cell(number) }
            }
            if subjects.count > 1 { line += Self.cell(measure.ratio, suffix: " ×") }
            if let verdict = measure.verdict { line += "   \(verdict)" }
            lines.append(line)
        }
        return lines + notes.map { "  \($0)" }
    }

    private static func cell(_ number: Double?, suffix: String = "") -> String {
        Console.padded(number.map { text($0) + suffix } ?? "–", numberWidth, onLeft: true)
    }

    /// Three digits or all before the point.
    static func text(_ number: Double) -> String {
        let magnitude = abs(number)
        if magnitude >= 100 || number == number.rounded() { return String(Int(number.rounded())) }
        let scale: Double = magnitude >= 10 ? 10 : magnitude >= 1 ? 100 : 1000
        let thousandths = Int((number * scale).rounded())
        let (whole, rest) = thousandths.magnitude.quotientAndRemainder(dividingBy: UInt(scale))
        let digits = String(rest)
        let places = String(Int(scale)).count - 1
        return (number < 0 ? "-" : "") + "\(whole)." + String(repeating: "0", count: places - digits.count) + digits
    }

    /// The same for programs.
    func json(scenario: String, arguments: [String], programs: [(Subject, path: String, version: String)]) -> JSON {
        .object([
            ("scenario", .string(scenario)),
            ("title", .string(title)),
            ("arguments", .array(arguments.map { .string($0) })),
            ("system", .string(ProcessFacts.system)),
            (
                "programs",
                .object(
                    programs.map { subject, path, version in
                        (subject.rawValue, .object([("path", .string(path)), ("version", .string(version))]))
                    })
            ),
            ("measures", .array(measures.map(\.json))),
            ("notes", .array(notes.map { .string($0) })),
        ])
    }
}

extension Measure {
    /// Whether the reach was reached, in words; `nil` if there is none to speak of.
    var verdict: String? {
        guard let reach, let summary = summary(of: .ours) else { return nil }
        var parts: [(text: String, isMet: Bool)] = []
        if let median = reach.median { parts.append(("≤ \(Report.text(median))", summary.median <= median)) }
        if let maximum = reach.maximum { parts.append(("max ≤ \(Report.text(maximum))", summary.maximum <= maximum)) }
        if let wanted = reach.ratio, let ratio {
            parts.append(("≤ \(Report.text(wanted)) ×", ratio <= wanted))
        }
        guard !parts.isEmpty else { return nil }
        let isMet = parts.allSatisfy(\.isMet)
        let text = "wanted \(parts.map(\.text).joined(separator: ", ")): \(isMet ? "reached" : "missed")"
        return isMet ? Console.good(text) : Console.bad(text)
    }

    var json: JSON {
        var fields: [(String, JSON)] = [("name", .string(name)), ("unit", .string(unit))]
        for subject in Subject.allCases {
            guard let summary = summary(of: subject) else { continue }
            fields.append(
                (
                    subject.rawValue,
                    .object([
                        ("median", .number(summary.median)), ("minimum", .number(summary.minimum)),
                        ("maximum", .number(summary.maximum)), ("samples", .number(Double(summary.count))),
                    ])
                ))
        }
        fields.append(("ratio", ratio.map { .number($0) } ?? .null))
        return .object(fields)
    }
}
