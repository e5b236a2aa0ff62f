// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SentinelConfiguration
import SentinelCore

/// Keeps the file in step with what the sentinel must remember, one write at a time: the configuration file, or the
/// one that `sentinel state-file` names.
///
/// Changes that come while a write is under way share the next one. - Source: design.md 5.
final class StateFile {
    let path: String
    /// Whether it is another file than the configuration.
    let isSeparate: Bool
    private let log: Logger?
    private var complaints = Complaints()
    /// Where the newest state comes from, and who hears of it; set by `begin`.
    private var currentState: () -> RememberedState? = { nil }
    private var finished: (Generation, _ isSaved: Bool) -> Void = { _, _ in }
    /// The newest state asked for that no write has begun for.
    private var wanted: Generation?
    private var isWriting = false
    /// Called when a write has ended that no other follows.
    private var whenIdle: () -> Void = {}
    private var hasWarnedOfInPlaceWrites = false

    /// - Parameter configurationPath: Absolute.
    init(_ configuration: Configuration, configurationPath: String, log: Logger? = nil) {
        isSeparate = !configuration.server.stateFile.isEmpty
        path = isSeparate ? ProcessFacts.absolute(configuration.server.stateFile) : configurationPath
        self.log = log
    }

    /// Why a sentinel with this file must not start, if it must not.
    ///
    /// - Source: spec/config-and-process.md 4, Refusals: what counts is the right to write the file.
    var refusal: String? {
        do throws(SystemError) {
            try isSeparate ? ProcessFacts.canMake(path) : ProcessFacts.canWrite(path)
            return nil
        } catch {
            return
                "Sentinel \(isSeparate ? "state" : "config") file \(path) is not writable: \(error.message). Exiting..."
        }
    }

    /// Removes what a crash left beside the file.
    func removeLeftovers() {
        guard let count = try? FileReplacement.removeLeftovers(of: path), count > 0 else { return }
        log?.write(.notice, "Removed \(count) unfinished temporary \(count == 1 ? "file" : "files") beside \(path)")
    }

    /// Saves before returning, and returns whether that worked; for start-up.
    func saveNow(_ configuration: Configuration) -> Bool {
        let state = RememberedState(configuration: configuration, users: nil)
        let result = Result<FileReplacement.Method, SystemError> { () throws(SystemError) in
            try FileReplacement.change(path: path, mode: state.modeOfNewFile, with: { state.saved(over: $0) })
        }
        return note(result)
    }

    /// - Parameters:
    ///   - currentState: What is to be in the file, asked for when a write begins.
    ///   - finished: Hears of each write; a state that was saved includes all earlier ones.
    func begin(
        currentState: @escaping () -> RememberedState, finished: @escaping (Generation, Bool) -> Void
    ) {
        self.currentState = currentState
        self.finished = finished
    }

    func save(_ generation: Generation) {
        wanted = generation
        beginIfIdle()
    }

    private func beginIfIdle() {
        guard !isWriting, let generation = wanted, let state = currentState() else { return }
        wanted = nil
        isWriting = true
        FileReplacement.change(
            path: path, mode: state.modeOfNewFile, with: { state.saved(over: $0) },
            completion: { result in
                self.isWriting = false
                self.finished(generation, self.note(result))
                self.beginIfIdle()
                if !self.isWriting { self.whenIdle() }
            })
    }

    /// Calls `done` as soon as nothing is being written or waits to be, which may be at once.
    func afterWriting(_ done: @escaping () -> Void) {
        if isWriting { whenIdle = done } else { done() }
    }

    /// Tells the log what became of a write, and returns whether the state is on disk.
    private func note(_ result: Result<FileReplacement.Method, SystemError>) -> Bool {
        switch result {
        case .success(let method):
            complaints.end()
            log?.write(.notice, "Sentinel new configuration saved on disk")
            if case .overwritten(let reason) = method, !hasWarnedOfInPlaceWrites {
                hasWarnedOfInPlaceWrites = true
                log?.write(.warning, "\(path) can't be replaced (\(reason)) and is written in place from now on")
            }
            return true
        case .failure(let error):
            if let silenced = complaints.next(error, at: MonotonicClock.now) {
                log?.write(
                    .warning,
                    "WARNING: Sentinel was not able to save the new configuration on disk!!!: \(error.message)"
                        + (silenced > 0 ? " (and \(silenced) times since this was last said)" : ""))
            }
            return false
        }
    }
}

/// Says the same complaint once in a while only: a full disk is met by every change of state and every retry.
private struct Complaints {
    private var last: (error: SystemError, at: UInt64)?
    private var silenced = 0
    private static var pauseNanoseconds: UInt64 { 60_000_000_000 }

    mutating func end() { self = Complaints() }

    /// How many were kept silent since the last one said, or `nil` when this is to be kept silent too.
    mutating func next(_ error: SystemError, at now: UInt64) -> Int? {
        if let last, last.error == error, now - last.at < Self.pauseNanoseconds {
            silenced += 1
            return nil
        }
        defer { silenced = 0 }
        last = (error, now)
        return silenced
    }
}
