// SPDX-License-Identifier: Apache-2.0

import SentinelCore

/// The text of a state file: lines of configuration between an introduction and a last line.
///
/// It holds what the configuration does not say already, and wins over it: where the masters are now, epochs and votes,
/// the replicas and sentinels that were seen, and what was changed by command. The last line shows that nothing is
/// missing; without it the file was cut off, and a sentinel that forgot a vote could give it twice.
package enum StateText {
    package static let introduction = Word(
        """
        # What a sentinel remembers. It writes this file as a whole, over and over: edit it only while it is stopped.
        # These lines win over the configuration. To forget everything, remove the file.

        """)
    package static let end = Word("# End of what the sentinel remembers.")

    /// The whole text for `configuration`, whose own file is not written to.
    package static func text(of configuration: Configuration) -> [UInt8] {
        introduction + Rewriter.linesMissingElsewhere(of: configuration).flatMap { $0 + [0x0A] } + end + [0x0A]
    }

    /// The last line with something in it, and its number, if that is not the one that ends a whole file.
    static func cutOff(_ text: [UInt8]) -> (line: ArraySlice<UInt8>, number: Int)? {
        let lines = Grammar.lines(of: text).map(Grammar.trimmed)
        guard let last = lines.lastIndex(where: { !$0.isEmpty }) else { return ([], 1) }
        return Word(lines[last]) == end ? nil : (lines[last], last + 1)
    }
}
