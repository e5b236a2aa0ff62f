// SPDX-License-Identifier: Apache-2.0

// Overwriting a file in place so that a crash at any moment leaves either the old or the new contents to be found:
//
//   1. Behind the old contents goes a record with the new ones, and is flushed. Until then the old ones are untouched.
//   2. The new contents are written over the old ones, and flushed. Until then the record is untouched.
//   3. The file is cut to the length of the new contents, and with it the record off.
//
// A file that still has a record is read as what the record says: the new contents if it is whole, else the old ones.

/// The record that a file carries while it is overwritten in place.
nonisolated enum InPlaceJournal {
    /// What the bytes of a file turn out to be.
    enum Finding: Equatable {
        /// A file that nobody was overwriting.
        case plain
        /// The first bytes are the contents from before; the record behind them was not finished.
        case before(length: Int)
        /// The record is whole and holds the contents.
        case after([UInt8])
    }

    private static let head = Array("\n#~ overwriting ".utf8)
    private static let tail = Array("\n#~ end\n".utf8)

    /// What goes behind the `length` bytes of old contents.
    static func record(for contents: [UInt8], behind length: Int) -> [UInt8] {
        // The record has to lie behind the new contents as well; line feeds in between do no harm in a file of lines.
        let padding = [UInt8](repeating: 0x0A, count: max(0, contents.count - length))
        let start = length + padding.count
        let facts = Array("\(start) \(length) \(contents.count) \(checksum(contents))\n".utf8)
        return padding + head + facts + contents + tail
    }

    static func finding(in file: [UInt8]) -> Finding {
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
        return .plain
    }

    /// The contents of a file, whatever happened while it was overwritten.
    static func contents(of file: [UInt8]) -> [UInt8] {
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

nonisolated extension InPlaceJournal {
    /// Replaces what is in an open file, in the steps above.
    static func overwrite(_ descriptor: Descriptor, _ contents: [UInt8]) throws(SystemError) {
        let length = try settle(descriptor)
        do throws(SystemError) {
            try System.writeAll(descriptor, record(for: contents, behind: length), at: length)
            try System.synchronize(descriptor)
        } catch {
            // A full disk, most likely: the old contents stay.
            try? System.truncate(descriptor, to: length)
            throw error
        }
        try finish(descriptor, contents)
    }

    /// Ends what an earlier writer began, and returns the length of the contents.
    private static func settle(_ descriptor: Descriptor) throws(SystemError) -> Int {
        let file = try System.readAll(descriptor)
        switch finding(in: file) {
        case .plain: return file.count
        case .before(let length):
            try System.truncate(descriptor, to: length)
            try System.synchronize(descriptor)
            return length
        case .after(let contents):
            try finish(descriptor, contents)
            return contents.count
        }
    }

    private static func finish(_ descriptor: Descriptor, _ contents: [UInt8]) throws(SystemError) {
        try System.writeAll(descriptor, contents, at: 0)
        try System.synchronize(descriptor)
        try System.truncate(descriptor, to: contents.count)
        try System.synchronize(descriptor)
    }
}
