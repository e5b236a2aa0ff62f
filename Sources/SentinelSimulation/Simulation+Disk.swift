// SPDX-License-Identifier: Apache-2.0

// A sentinel's file is written, one write at a time.

import SentinelConfiguration
import SentinelCore

extension Simulation {
    func writeAtOnce(_ process: SentinelProcess) throws(Violation) {
        var configuration = process.configuration
        configuration.sentinel = process.remembered
        process.disk.writeAtOnce(configuration)
        try noteDurable(process.remembered, after: process.removals, of: process)
    }

    /// Notes what is on a sentinel's disk now.
    func noteDurable(
        _ settings: Settings, after removals: EpochBook.Removals, of process: SentinelProcess
    ) throws(Violation) {
        try epochs.noteDurable(settings, after: removals, of: process)
        noteKnown(settings, of: process)
    }

    func noteDurable(_ write: Disk.Write, of process: SentinelProcess) throws(Violation) {
        try noteDurable(write.promised, after: write.removals, of: process)
    }

    func beginWrite(of process: SentinelProcess) {
        var configuration = process.configuration
        configuration.sentinel = process.remembered
        switch sabotage {
        case .votesAreNotSaved:
            configuration.sentinel.currentEpoch = .zero
            for index in configuration.sentinel.masters.indices {
                configuration.sentinel.masters[index].leaderEpoch = .zero
                configuration.sentinel.masters[index].configEpoch = .zero
            }
        case .configEpochsAreNotSaved:
            for index in configuration.sentinel.masters.indices {
                configuration.sentinel.masters[index].configEpoch = .zero
            }
        case .promotionsAreNotSaved:
            for index in configuration.sentinel.masters.indices {
                let name = configuration.sentinel.masters[index].name
                guard let old = process.disk.settings.masters.first(where: { $0.name == name }) else { continue }
                configuration.sentinel.masters[index].address = old.address
                configuration.sentinel.masters[index].configEpoch = old.configEpoch
            }
        case .fileIsBroken:
            for index in configuration.sentinel.masters.indices { configuration.sentinel.masters[index].quorum = 0 }
        default: break
        }
        guard
            process.disk.beginIfIdle(configuration, promised: process.remembered, after: process.removals)
        else { return }
        guard sabotage != .savingNeverEnds else { return }
        let time = dice.microseconds(schedule.diskTime) + process.disk.delay
        timeline.enter(.writeEnds(process, life: process.life), at: now + time)
    }

    func endWrite(of process: SentinelProcess, _ life: Int) throws(Violation) {
        guard process.life == life, process.isRunning else { return }
        if process.diesInWrite {
            say(process.name, "dies in the middle of a write")
            try crash(process, isUnplugged: true, diesBeforeRename: true)
            return timeline.enter(.sentinelStarts(process), at: now + dice.milliseconds(20...8000))
        }
        guard let write = process.disk.endWrite() else { return }
        process.isDiskRefusing = write.fails
        if !write.fails { try noteDurable(write, of: process) }
        if let ambush = process.ambush, ambush.effectsLeft == 0, !process.isPaused, dice.chance(0.3) {
            say(process.name, "dies before it hears that generation \(write.generation.number) is on disk")
            try crash(process, isUnplugged: false)
            return timeline.enter(.sentinelStarts(process), at: now + dice.milliseconds(20...8000))
        }
        // The next write begins before the core hears of this one, as the shell does it.
        beginWrite(of: process)
        try feed(process, write.fails ? .persistFailed(write.generation) : .persisted(write.generation))
    }
}
