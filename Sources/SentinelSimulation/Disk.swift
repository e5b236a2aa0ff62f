// SPDX-License-Identifier: Apache-2.0

// A sentinel's file. It is written as the shell does it, one write at a time: by renaming, so that a crash leaves the
// old text or the new one, or, where the file is mounted by itself and can't be renamed over, in place in the steps of
// the shell's journal, each of which a crash may cut off.

import FileJournal
import SentinelConfiguration
import SentinelCore

/// The file of one sentinel and the write under way.
struct Disk {
    struct Write {
        let generation: Generation
        let configuration: Configuration
        /// What the core will believe to be on disk; the same, unless the simulator lies.
        let promised: Settings
        /// What had been removed before.
        let removals: EpochBook.Removals
        var fails: Bool
    }

    /// How far a write came when the process was gone.
    enum End {
        case beforeRename, afterRename
        /// Of one in place: somewhere in it. With the power gone, what was not flushed may be there or not.
        case inPlace(isPowerLost: Bool)
    }

    /// What the file holds; bytes of a write in place that was cut off included.
    private var file: [UInt8]
    /// What is in place of the text and not yet in words: most files are never read, and a file is not rewritten for
    /// each of them, but each seventh time and before it is read.
    private var unwritten: Configuration?
    private var writes = 0
    /// What the text says.
    private(set) var settings: Settings
    private(set) var write: Write?
    /// The newest state asked for that no write has begun for.
    var wanted: Generation?
    var isFull = false
    /// The new file is written and does not get its name.
    var refusesRename = false
    /// Added to each write.
    var delay: Duration = .zero

    init(_ configuration: Configuration) {
        file = Rewriter.rewrite(old: [], configuration: configuration)
        settings = configuration.sentinel
    }

    /// Begins to write, if something is wanted and nothing under way; tells whether it did.
    mutating func beginIfIdle(
        _ configuration: Configuration, promised: Settings, after removals: EpochBook.Removals
    ) -> Bool {
        guard write == nil, let generation = wanted else { return false }
        wanted = nil
        write = Write(
            generation: generation, configuration: configuration, promised: promised, removals: removals,
            fails: isFull)
        return true
    }

    /// Writes while the process waits, as the original does.
    mutating func writeAtOnce(_ configuration: Configuration) {
        replace(
            by: Write(
                generation: .zero, configuration: configuration, promised: configuration.sentinel, removals: [:],
                fails: false))
    }

    /// Ends the write; `nil` if none was under way.
    mutating func endWrite() -> Write? {
        guard var ended = write else { return nil }
        write = nil
        ended.fails = ended.fails || refusesRename
        if !ended.fails { replace(by: ended) }
        return ended
    }

    /// The process is gone; returns the write whose text is found by the next one, if there was one under way.
    mutating func crash(_ end: End, _ dice: inout Dice) -> Write? {
        defer {
            write = nil
            wanted = nil
        }
        guard let write else { return nil }
        switch end {
        case .beforeRename: return nil
        case .afterRename:
            guard !write.fails, !refusesRename else { return nil }
            replace(by: write)
            return write
        case .inPlace(let isPowerLost):
            let old = materialise()
            let new = Rewriter.rewrite(old: old, configuration: write.configuration)
            let plan = InPlaceJournal.plan(for: new, over: file)
            // A full disk does not take the record whole.
            let steps = plan.settling + plan.recording + (write.fails ? [] : plan.finishing)
            file = Self.cutOff(steps, isFull: write.fails, isPowerLost: isPowerLost, in: file, &dice)
            guard InPlaceJournal.contents(of: file) == new, new != old else { return nil }
            settings = write.configuration.sentinel
            return write
        }
    }

    private mutating func replace(by write: Write) {
        unwritten = write.configuration
        settings = write.configuration.sentinel
        writes += 1
        if writes % 7 == 0 { _ = materialise() }
    }

    /// The text of the file, as the shell makes it out.
    mutating func materialise() -> [UInt8] {
        let text = InPlaceJournal.contents(of: file)
        guard let configuration = unwritten.take() else { return text }
        file = Rewriter.rewrite(old: text, configuration: configuration)
        return file
    }

    mutating func heal() {
        isFull = false
        refusesRename = false
        delay = .zero
    }

    /// Puts back an old text, as a disk that lies would.
    mutating func revert(to text: [UInt8], _ settings: Settings) {
        file = text
        unwritten = nil
        self.settings = settings
    }
}

extension Disk {
    /// What is lost as a whole or not at all when the power goes.
    private static let sector = 512

    /// Takes the steps until one of them is cut off.
    private static func cutOff(
        _ steps: [InPlaceJournal.Step], isFull: Bool, isPowerLost: Bool, in file: [UInt8], _ dice: inout Dice
    ) -> [UInt8] {
        var file = file
        /// As of the last flush.
        var flushed = file
        let last = isFull ? steps.count - 2 : dice.number(0...(steps.count - 1))
        for (index, step) in steps.prefix(last + 1).enumerated() {
            switch step {
            case .flush: flushed = file
            case .cut(let length): file = Array(file.prefix(length))
            case .write(let bytes, let offset):
                // Where a head begins and ends is where most can go wrong.
                let limit = dice.chance(0.5) ? min(bytes.count, 80) : bytes.count
                let count = index == last ? dice.number(0...limit) : bytes.count
                put(bytes.prefix(count), at: offset, in: &file)
            }
        }
        return isPowerLost ? mixed(flushed, file, &dice) : file
    }

    private static func put(_ bytes: ArraySlice<UInt8>, at offset: Int, in file: inout [UInt8]) {
        let overlap = min(bytes.count, file.count - offset)
        file.replaceSubrange(offset..<(offset + overlap), with: bytes.prefix(overlap))
        file += bytes.dropFirst(overlap)
    }

    /// What is there after the power came back: of the sectors that both have any, and of what was appended a part that
    /// begins where the file ended.
    private static func mixed(_ old: [UInt8], _ new: [UInt8], _ dice: inout Dice) -> [UInt8] {
        let isShorter = new.count < old.count
        let common = min(old.count, new.count)
        var result = old
        for start in stride(from: 0, to: common, by: sector) where dice.chance(0.5) {
            let range = start..<min(start + sector, common)
            result.replaceSubrange(range, with: new[range])
        }
        if isShorter { return dice.chance(0.5) ? Array(result.prefix(new.count)) : result }
        return result + new[common...].prefix(dice.number(0...(new.count - common)))
    }
}

/// What reading the file asks: every path and host is fine, nothing is included.
struct SimulatedEnvironment: ConfigurationEnvironment {
    func isExecutable(_ path: String) -> Bool { true }
    func isNumericAddress(_ host: String) -> Bool { NumericHost.isNumeric(host) }
    func enterDirectory(_ path: String) -> String? { nil }
    func included(_ pattern: Word) -> Inclusion { .files([]) }
    func isCommand(_ name: String) -> Bool { true }
}
