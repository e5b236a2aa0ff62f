// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SentinelConfiguration
import SentinelCore

/// Keeps the configuration file in step with what the sentinel must remember, one write at a time.
///
/// Changes that come while a write is under way share the next one. - Source: design.md 5.
final class StateFile {
    private let path: String
    private let log: Logger
    private let currentConfiguration: () -> Configuration
    private let finished: (Generation, _ isSaved: Bool) -> Void
    /// The newest state asked for that no write has begun for.
    private var wanted: Generation?
    private var isWriting = false
    private var hasWarnedOfInPlaceWrites = false

    /// - Parameters:
    ///   - currentConfiguration: What is to be in the file, asked for when a write begins.
    ///   - finished: Hears of each write; a state that was saved includes all earlier ones.
    init(
        path: String, log: Logger, currentConfiguration: @escaping () -> Configuration,
        finished: @escaping (Generation, Bool) -> Void
    ) {
        self.path = path
        self.log = log
        self.currentConfiguration = currentConfiguration
        self.finished = finished
    }

    func save(_ generation: Generation) {
        wanted = generation
        beginIfIdle()
    }

    private func beginIfIdle() {
        guard !isWriting, let generation = wanted else { return }
        wanted = nil
        isWriting = true
        let configuration = currentConfiguration()
        FileReplacement.change(path: path, with: { Rewriter.rewrite(old: $0, configuration: configuration) }) { result in
            self.isWriting = false
            self.report(result, generation)
            self.beginIfIdle()
        }
    }

    private func report(_ result: Result<FileReplacement.Method, SystemError>, _ generation: Generation) {
        switch result {
        case .success(let method):
            log.write(.notice, "Sentinel new configuration saved on disk")
            if case .overwritten(let reason) = method, !hasWarnedOfInPlaceWrites {
                hasWarnedOfInPlaceWrites = true
                log.write(
                    .warning, "The configuration file can't be replaced (\(reason)) and is written in place from now on")
            }
            finished(generation, true)
        case .failure(let error):
            log.write(
                .warning,
                "WARNING: Sentinel was not able to save the new configuration on disk!!!: \(error.message)")
            finished(generation, false)
        }
    }
}
