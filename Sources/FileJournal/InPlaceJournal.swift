// SPDX-License-Identifier: Apache-2.0

// Overwriting a file in place so that a crash at any moment leaves either the old or the new contents to be found:
//
//   1. Behind the old contents goes a record with the new ones, and is flushed. Until then the old ones are untouched.
//   2. The new contents are written over the old ones, and flushed. Until then the record is untouched.
//   3. The file is cut to the length of the new contents, and with it the record off.
//
// A file that still has a record is read as what the record says: the new contents if it is whole, else the old ones.
// Here is what is to be done and what a file means; who has the file does it.

/// The record that a file carries while it is overwritten in place.
package enum InPlaceJournal {
    /// What the bytes of a file turn out to be.
    package enum Finding: Equatable {
        /// A file that nobody was overwriting.
        case plain
        /// The first bytes are the contents from before; the record behind them was not finished.
        case before(length: Int)
        /// The record is whole and holds the contents.
        case after([UInt8])
    }

    /// One thing to do with a file.
    package enum Step: Sendable, Equatable {
        case write([UInt8], at: Int)
        case cut(to: Int)
        /// Wait until all of it is on the disk.
        case flush
    }

    /// The way to new contents, in the order in which it is gone.
    package struct Plan: Sendable {
        /// Ends what an earlier writer began.
        package let settling: [Step]
        /// Of the contents by then. A file in which `recording` failed is cut to this.
        package let length: Int
        package let recording: [Step]
        package let finishing: [Step]
    }

    private static let head = Array("\n#~ overwriting ".utf8)
    private static let tail = Array("\n#~ end\n".utf8)
    /// So much of a head at the end of a file is no accident; less of it is a comment that says nothing.
    private static let recognisable = 4

    /// How to bring `contents` into a file that holds `file`.
    package static func plan(for contents: [UInt8], over file: [UInt8]) -> Plan {
        let settling: [Step]
        let length: Int
        switch finding(in: file) {
        case .plain: (settling, length) = ([], file.count)
        case .before(let old): (settling, length) = ([.cut(to: old), .flush], old)
        case .after(let old): (settling, length) = (finishing(old), old.count)
        }
        return Plan(
            settling: settling, length: length,
            recording: [.write(record(for: contents, behind: length), at: length), .flush],
            finishing: finishing(contents))
    }

    private static func finishing(_ contents: [UInt8]) -> [Step] {
        [.write(contents, at: 0), .flush, .cut(to: contents.count), .flush]
    }

    /// What goes behind the `length` bytes of old contents.
    package static func record(for contents: [UInt8], behind length: Int) -> [UInt8] {
        // The record has to lie behind the new contents as well; line feeds in between do no harm in a file of lines.
        let padding = [UInt8](repeating: 0x0A, count: max(0, contents.count - length))
        let start = length + padding.count
        let facts = Array("\(start) \(length) \(contents.count) \(checksum(contents))\n".utf8)
        return padding + head + facts + contents + tail
    }

    package static func finding(in file: [UInt8]) -> Finding {
        for start in starts(of: head, in: file) {
            let rest = file[(start + head.count)...]
            guard let end = rest.firstIndex(of: 0x0A) else { continue }
            let facts = rest[..<end].split(separator: 0x20).compactMap { UInt64(String(decoding: $0, as: UTF8.self)) }
            // Only a record knows where it stands; any other line that looks like one does not.
            guard facts.count == 4, facts[0] == start, let length = Int(exactly: facts[1]), length <= start,
                let count = Int(exactly: facts[2])
            else { continue }
            let contents = file[(end + 1)...].prefix(count)
            let isWhole = contents.count == count && checksum(Array(contents)) == facts[3]
            return isWhole ? .after(Array(contents)) : .before(length: length)
        }
        return startOfCutHead(in: file).map { .before(length: $0) } ?? .plain
    }

    /// Where a record begins that was cut off within its first line.
    ///
    /// Left where it is, that line would be taken for a comment and kept; and once more lines stand behind it, for a
    /// record that has nothing to do with them.
    private static func startOfCutHead(in file: [UInt8]) -> Int? {
        guard let start = file.lastIndex(of: 0x0A) else { return nil }
        let line = file[start...]
        let isCut = line.count < head.count ? head.starts(with: line) : line.starts(with: head)
        return isCut && line.count >= recognisable ? start : nil
    }

    /// The contents of a file, whatever happened while it was overwritten.
    package static func contents(of file: [UInt8]) -> [UInt8] {
        switch finding(in: file) {
        case .plain: file
        case .before(let length): Array(file.prefix(length))
        case .after(let contents): contents
        }
    }

    private static func starts(of pattern: [UInt8], in file: [UInt8]) -> [Int] {
        guard file.count >= pattern.count else { return [] }
        return (0...file.count - pattern.count).filter { start in
            file[start] == pattern[0] && file[start..<start + pattern.count].elementsEqual(pattern)
        }
    }

    /// FNV-1a: tells a record that was cut off or mixed with other bytes from a whole one; no more is asked of it.
    private static func checksum(_ bytes: [UInt8]) -> UInt64 {
        bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }
}
