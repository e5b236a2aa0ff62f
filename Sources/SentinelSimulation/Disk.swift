// SPDX-License-Identifier: Apache-2.0

// A sentinel's file. It is written as the shell does it, one write at a time and by renaming, so a crash leaves the old
// text or the new one; whether the new one was already there is what the crash decides.

import SentinelConfiguration
import SentinelCore

/// The file of one sentinel and the write under way.
struct Disk {
    struct Write {
        let generation: Generation
        let configuration: Configuration
        /// What the core will believe to be on disk; the same, unless the simulator lies.
        let promised: Settings
        var fails: Bool
    }

    private var text: [UInt8]
    /// What is in place of the text and not yet in words: most files are never read, and a file is not rewritten for each
    /// of them, but each seventh time and before it is read.
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
        text = Rewriter.rewrite(old: [], configuration: configuration)
        settings = configuration.sentinel
    }

    /// Begins to write, if something is wanted and nothing under way; tells whether it did.
    mutating func beginIfIdle(_ configuration: Configuration, promised: Settings) -> Bool {
        guard write == nil, let generation = wanted else { return false }
        wanted = nil
        write = Write(
            generation: generation, configuration: configuration, promised: promised, fails: isFull)
        return true
    }

    /// Writes while the process waits, as the original does.
    mutating func writeAtOnce(_ configuration: Configuration) {
        replace(
            by: Write(
                generation: .zero, configuration: configuration, promised: configuration.sentinel, fails: false))
    }

    /// Ends the write; `nil` if none was under way.
    mutating func endWrite() -> Write? {
        guard var ended = write else { return nil }
        write = nil
        ended.fails = ended.fails || refusesRename
        if !ended.fails { replace(by: ended) }
        return ended
    }

    /// The process is gone; `isRenamed` if the new text had just come into place.
    mutating func crash(isRenamed: Bool) {
        if isRenamed, let write, !write.fails, !refusesRename { replace(by: write) }
        write = nil
        wanted = nil
    }

    private mutating func replace(by write: Write) {
        unwritten = write.configuration
        settings = write.configuration.sentinel
        writes += 1
        if writes % 7 == 0 { _ = materialise() }
    }

    /// The text of the file.
    mutating func materialise() -> [UInt8] {
        if let configuration = unwritten.take() { text = Rewriter.rewrite(old: text, configuration: configuration) }
        return text
    }

    mutating func heal() {
        isFull = false
        refusesRename = false
        delay = .zero
    }

    /// Puts back an old text, as a disk that lies would.
    mutating func revert(to text: [UInt8], _ settings: Settings) {
        self.text = text
        unwritten = nil
        self.settings = settings
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
