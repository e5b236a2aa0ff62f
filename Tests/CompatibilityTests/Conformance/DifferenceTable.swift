// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The rows of `Docs/differences.md` that conversations name.
struct DifferenceTable {
    /// The names in the column `check`, in their order, without `-`.
    let names: [String]

    init() throws {
        let text = try String(contentsOfFile: Programs.repository + "/Docs/differences.md", encoding: .utf8)
        let rows = text.components(separatedBy: "\n").filter { $0.hasPrefix("|") }.map { row in
            row.components(separatedBy: "|").dropFirst().dropLast().map { $0.trimmingCharacters(in: .whitespaces) }
        }
        guard let column = rows.first?.firstIndex(of: "check") else { throw NoColumn() }
        // The second row is the line under the headings; a row may end before the last column.
        names = rows.dropFirst(2).compactMap { $0.count > column ? Array($0)[column] : nil }.filter { $0 != "-" }
    }

    struct NoColumn: Error {}
}
