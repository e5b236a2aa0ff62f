// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import Testing

/// Both programs get the same files, good and bad: whether they start, with which code they end, what they say and
/// which directives they leave in the file is the same, or the case names the row of `Docs/differences.md` that says
/// why not, and what ours does instead. And the original goes on from what ours leaves as from what it leaves itself,
/// for who tries ours can go back.
///
/// - Source: issue 4, how it is checked; spec/config-and-process.md 1 to 5.
@Suite(.ownThread) struct `Configurations of both programs` {
    @Test(.timeLimit(.minutes(5)))
    func `are taken, refused and rewritten alike`() throws {
        let cases = ConfigurationCase.all
        #expect(cases.count >= 150)
        #expect(Set(cases.map(\.name)).count == cases.count)
        let rows = try subjectsOfDifferences()
        for row in Set(cases.compactMap(\.difference?.row)) { #expect(rows.contains(row), "no row for \(row)") }

        try withTemporaryDirectory { directory in
            let verdicts = Mutex<[String?]>([])
            // Most of the time is spent waiting for processes.
            let lanes = 6
            DispatchQueue.concurrentPerform(iterations: lanes) { lane in
                for index in stride(from: lane, to: cases.count, by: lanes) where !Task.isCancelled {
                    let verdict = verdict(on: cases[index], in: "\(directory)/\(index)")
                    verdicts.withLock { $0.append(verdict) }
                }
            }
            let all = verdicts.withLock { $0 }
            #expect(all.count == cases.count)
            for complaint in all.compactMap({ $0 }).sorted() { Issue.record("\(complaint)") }
        }
    }

    /// What is wrong, if anything.
    private func verdict(on one: ConfigurationCase, in directory: String) -> String? {
        do {
            let original = try one.outcomes(of: [.original, .original], in: directory + "/original")
            let ours = try one.outcomes(of: [.ours, .original], in: directory + "/ours")
            return complaint(about: one, original: original[0], ours: ours[0])
                ?? complaint(aboutGoingBackOn: one, original: original, ours: ours)
        } catch {
            return "\(one.name): \(error)"
        }
    }

    private func complaint(
        about one: ConfigurationCase, original: ConfigurationOutcome, ours: ConfigurationOutcome
    ) -> String? {
        switch (ours == original, one.difference) {
        case (true, nil): return nil
        case (true, .some(let difference)):
            return "\(one.name): the same, although '\(difference.row)' says it differs: \(ours)"
        case (false, .some(let difference)):
            return ours == difference.ours
                ? nil
                : "\(one.name): differs in another way:\n  original \(original)\n  ours     \(ours)\n"
                    + "  expected \(difference.ours)"
        case (false, nil):
            return "\(one.name):\n  original \(original)\n  ours     \(ours)"
        }
    }

    /// Where the original can go on from the file that it left itself, it goes on from ours as if we had never run.
    private func complaint(
        aboutGoingBackOn one: ConfigurationCase, original: [ConfigurationOutcome], ours: [ConfigurationOutcome]
    ) -> String? {
        guard ours[0].exitCode == nil, original.count == 2, original[1].exitCode == nil else { return nil }
        return ours[1] == original[1]
            ? nil : "\(one.name), back with the original:\n  stayed   \(original[1])\n  returned \(ours[1])"
    }

    private func subjectsOfDifferences() throws -> Set<String> {
        let path = Programs.packageDirectory + "/Docs/differences.md"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let rows = text.split(separator: "\n").filter { $0.hasPrefix("| ") }
        return Set(rows.compactMap { $0.split(separator: "|").first?.trimmingCharacters(in: .whitespaces) })
    }
}
