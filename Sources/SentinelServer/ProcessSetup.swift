// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SentinelConfiguration
import SentinelCore

/// What the process does to itself before the sentinel lives in it.
///
/// - Source: spec/config-and-process.md 3, 7.
enum ProcessSetup {
    private static let standardProcessIDFile = "/var/run/redis.pid"

    /// Before anything of Dispatch exists; see `Background`.
    static func goToBackground(_ log: Logger) {
        do throws(SystemError) {
            try Background.enter()
        } catch {
            log.write(.warning, "Can't go to the background, going on in the foreground: \(error.message)")
        }
    }

    /// What the process shows of itself; while there is one thread.
    static func prepare(_ settings: ServerSettings, configurationFile: String, log: Logger) {
        if settings.crashLogIsEnabled {
            CrashReport.install(
                logFile: settings.logFile,
                version: "Redis \(InfoText.redisVersion) (swift-sentinel \(InfoText.ownVersion))")
        }
        if settings.setsProcessTitle {
            let program = CommandLine.arguments.first ?? ""
            ProcessTitle.set(
                ProcessTitleText(settings, program: program, configurationFile: configurationFile).text)
        }
        setOutOfMemoryScore(settings, log)
    }

    private static func setOutOfMemoryScore(_ settings: ServerSettings, _ log: Logger) {
        let score: Int
        switch settings.outOfMemoryAdjustment {
        case .no: return
        case .yes, .relative: score = ProcessFacts.outOfMemoryScore + settings.outOfMemoryScores.master
        case .absolute: score = settings.outOfMemoryScores.master
        }
        do throws(SystemError) {
            try ProcessFacts.setOutOfMemoryScore(min(max(score, -1000), 1000))
        } catch {
            log.write(.warning, "Unable to write oom_score_adj: \(error.message)")
        }
    }

    /// - Returns: The file that holds the process's number, if there is to be one; to be removed at the end.
    static func writeProcessID(_ settings: ServerSettings, isInBackground: Bool, log: Logger) -> String? {
        guard isInBackground || !settings.pidFile.isEmpty else { return nil }
        let path = settings.pidFile.isEmpty ? standardProcessIDFile : settings.pidFile
        do throws(SystemError) {
            try ProcessFacts.writeProcessID(to: path)
        } catch {
            log.write(.warning, "Failed to write PID file: \(error.message)")
        }
        return path
    }
}
