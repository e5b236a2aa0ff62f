// SPDX-License-Identifier: Apache-2.0

import SentinelCore

/// The epochs that each sentinel has had on disk.
struct EpochBook {
    private var durable: [Int: Settings] = [:]

    /// `process` has `settings` on disk, or has read them there.
    mutating func noteDurable(_ settings: Settings, of process: SentinelProcess) throws(Violation) {
        if let before = durable[process.host] { try Self.compare(before, settings, process, isFile: true) }
        durable[process.host] = settings
    }

    /// Another process takes the place of this one.
    mutating func forget(_ process: SentinelProcess) { durable[process.host] = nil }

    /// What `process` has in memory changed.
    static func noteChange(from before: Settings, to after: Settings, of process: SentinelProcess) throws(Violation) {
        try compare(before, after, process, isFile: false)
    }

    private static func compare(
        _ before: Settings, _ after: Settings, _ process: SentinelProcess, isFile: Bool
    ) throws(Violation) {
        func check(_ old: Epoch, _ new: Epoch, _ what: String) throws(Violation) {
            guard new < old else { return }
            let place = isFile ? "the file of" : "the memory of"
            throw Violation(rule: .epochsOnlyRise, text: "\(what) in \(place) \(process.name): \(old), then \(new)")
        }
        try check(before.currentEpoch, after.currentEpoch, "current epoch")
        for old in before.masters {
            guard let new = after.masters.first(where: { $0.name == old.name }) else { continue }
            let isOlder = new.configEpoch < old.configEpoch || new.leaderEpoch < old.leaderEpoch
            // Removed and monitored again between two writes.
            if isFile, isOlder, process.mayGoBack.remove(old.name) != nil { continue }
            // The original goes on with an attempt that is older than a configuration it has heard of meanwhile.
            if !process.isOriginal { try check(old.configEpoch, new.configEpoch, "config epoch of \(old.name)") }
            try check(old.leaderEpoch, new.leaderEpoch, "leader epoch of \(old.name)")
        }
    }
}
