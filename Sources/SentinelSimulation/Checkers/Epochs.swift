// SPDX-License-Identifier: Apache-2.0

import SentinelCore

/// The epochs that each sentinel has had on disk.
struct EpochBook {
    /// How often groups were removed: the epochs of one that is monitored again begin anew.
    typealias Removals = [MasterName: Int]

    private struct File {
        let settings: Settings
        let removals: Removals
    }

    private var durable: [Int: File] = [:]

    /// `process` has `settings` on disk, which it held after `removals`.
    mutating func noteDurable(
        _ settings: Settings, after removals: Removals, of process: SentinelProcess
    ) throws(Violation) {
        if let before = durable[process.host] {
            try Self.compare(before.settings, settings, process, isFile: true) { name in
                before.removals[name] != removals[name]
            }
        }
        durable[process.host] = File(settings: settings, removals: removals)
    }

    /// `process` has read `settings` on its disk. Returns the removals after which they were written.
    mutating func noteRead(_ settings: Settings, by process: SentinelProcess) throws(Violation) -> Removals {
        let removals = durable[process.host]?.removals ?? [:]
        try noteDurable(settings, after: removals, of: process)
        return removals
    }

    /// Another process takes the place of this one.
    mutating func forget(_ process: SentinelProcess) { durable[process.host] = nil }

    /// What `process` has in memory changed; counts what it removed.
    static func noteChange(from before: Settings, to after: Settings, of process: SentinelProcess) throws(Violation) {
        try compare(before, after, process, isFile: false) { _ in false }
        for old in before.masters where !after.masters.contains(where: { $0.name == old.name }) {
            process.removals[old.name, default: 0] += 1
        }
    }

    /// - Parameter wasRemoved: Whether the group was removed between the one and the other.
    private static func compare(
        _ before: Settings, _ after: Settings, _ process: SentinelProcess, isFile: Bool,
        wasRemoved: (MasterName) -> Bool
    ) throws(Violation) {
        func check(_ old: Epoch, _ new: Epoch, _ what: String) throws(Violation) {
            guard new < old else { return }
            let place = isFile ? "the file of" : "the memory of"
            throw Violation(rule: .epochsOnlyRise, text: "\(what) in \(place) \(process.name): \(old), then \(new)")
        }
        try check(before.currentEpoch, after.currentEpoch, "current epoch")
        for old in before.masters {
            guard let new = after.masters.first(where: { $0.name == old.name }) else { continue }
            if wasRemoved(old.name) { continue }
            // The original goes on with an attempt that is older than a configuration it has heard of meanwhile.
            if !process.isOriginal { try check(old.configEpoch, new.configEpoch, "config epoch of \(old.name)") }
            try check(old.leaderEpoch, new.leaderEpoch, "leader epoch of \(old.name)")
        }
    }
}
