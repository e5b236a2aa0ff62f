// SPDX-License-Identifier: Apache-2.0

import FileJournal
import Foundation
import Testing

@testable import EventLoop

extension `Event loop` {
    @Suite struct `Overwriting in place` {
        nonisolated private static let pairs = [
            ("old contents\n", "the new contents, which are longer\nand have two lines\n"),
            ("old contents that are longer\nthan the new\n", "new\n"), ("", "first\n"), ("last\n", ""),
            ("same\n", "same\n"),
        ]

        /// What the file can hold at each moment, in the order of the writes, each of them cut off anywhere.
        private func moments(_ old: [UInt8], _ new: [UInt8]) -> [[UInt8]] {
            let record = InPlaceJournal.record(for: new, behind: old.count)
            var moments = (0...record.count).map { old + record.prefix($0) }
            let whole = old + record
            moments += (0...new.count).map { Array(new.prefix($0)) + whole.dropFirst($0) }
            return moments + [new]
        }

        @Test(arguments: pairs)
        func `leaves the old or the new at every moment`(old: String, new: String) {
            for moment in moments(bytes(old), bytes(new)) {
                let found = InPlaceJournal.contents(of: moment)
                // Cut off within its first line the record is not recognised; as a comment and empty lines it says
                // nothing.
                let said = lines(found)
                #expect(
                    said == lines(bytes(old)) || said == lines(bytes(new)), "\(String(decoding: moment, as: UTF8.self))"
                )
            }
        }

        /// Kept as a comment, a line that was cut off would be a record one day: one that cuts off what came behind it.
        @Test(arguments: pairs)
        func `leaves nothing in the file that a later one could take for a record`(old: String, new: String) {
            let record = InPlaceJournal.record(for: bytes(new), behind: old.utf8.count)
            for count in 0...record.count {
                let found = InPlaceJournal.contents(of: bytes(old) + record.prefix(count))
                let grown = found + bytes("\nmonitor\nepoch 7\n")
                #expect(InPlaceJournal.contents(of: grown) == grown, "\(count) bytes of the record")
            }
        }

        @Test(arguments: pairs)
        func `goes on from whatever a crash left`(old: String, new: String) throws {
            try withTemporaryDirectorySync { directory in
                let path = directory + "/file"
                for moment in moments(bytes(old), bytes(new)) {
                    try Data(moment).write(to: URL(fileURLWithPath: path))
                    try FileReplacement.overwrite(path, bytes("third\n"))
                    let raw = try Data(contentsOf: URL(fileURLWithPath: path))
                    #expect(Array(raw) == bytes("third\n"))
                }
            }
        }

        @Test func `takes no other line for a record`() {
            for text in [
                "\n#~ overwriting ", "\n#~ overwriting 5 5 5 5\n", "a\n#~ overwriting 1 1 0 0\n#~ end\n",
                "\n#~ overwriting 0 99999999999999999999 1 1\n", "\n#~ overwriting 0 0 18446744073709551615 1\n",
            ] {
                // Never a trap; and only one that says where it stands may cut anything off.
                let found = InPlaceJournal.contents(of: bytes(text))
                #expect(found.count <= text.utf8.count)
            }
            #expect(
                InPlaceJournal.contents(of: bytes("x\n#~ overwriting 5 5 5 5\n"))
                    == bytes("x\n#~ overwriting 5 5 5 5\n"))
        }

        /// The lines that say something.
        private func lines(_ text: [UInt8]) -> [String] {
            String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init).filter { !$0.hasPrefix("#") }
        }

        private func withTemporaryDirectorySync(_ body: (String) throws -> Void) throws {
            let directory = NSTemporaryDirectory() + "in-place-" + UUID().uuidString
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
            defer { try? FileManager.default.removeItem(atPath: directory) }
            try body(directory)
        }
    }

    @Suite struct `Temporary files a crash left` {
        @Test func `are removed, and nothing else`() async throws {
            try await withTemporaryDirectory { directory throws in
                let kept = [
                    "s.conf", "s.conf.tmp-1-5", "s.conf.tmp-x-5", "s.conf.tmp-5", "s.conf.tmp-999999999-", "s.conf.bak",
                    "t.conf.tmp-999999999-5", "s.conf.tmp-999999999-5-5", "s.conf.tmp--5",
                ]
                let left = ["s.conf.tmp-999999999-5", "s.conf.tmp-\(getpid())-77"]
                for name in kept + left { try Data().write(to: URL(fileURLWithPath: directory + "/" + name)) }
                try FileManager.default.createSymbolicLink(
                    atPath: directory + "/link", withDestinationPath: "s.conf")
                #expect(try leftovers(directory + "/link") == 2)
                let names = try FileManager.default.contentsOfDirectory(atPath: directory)
                #expect(Set(names) == Set(kept + ["link"]))
                #expect(try leftovers(directory + "/missing/file") == 0)
            }
        }

        private func leftovers(_ path: String) throws -> Int { try FileReplacement.removeLeftovers(of: path) }
    }
}
