// SPDX-License-Identifier: Apache-2.0

import SentinelCore

/// Which address each config epoch stands for, by the first sentinel that held it.
struct ConfigurationBook {
    private struct Key: Hashable {
        let group: MasterName
        let epoch: Epoch
    }

    private var addresses: [Key: (address: Endpoint, holder: String)] = [:]
    /// The first epoch in which an operator had a sentinel fail over without an election, by group.
    private var firstForced: [MasterName: Epoch] = [:]

    let doubt: CloneDoubt

    init(doubt: CloneDoubt) { self.doubt = doubt }

    /// From `epoch` on two sentinels may hold the same epoch for different addresses for a while.
    mutating func forced(_ group: MasterName, in epoch: Epoch) {
        firstForced[group] = min(firstForced[group] ?? epoch, epoch)
    }

    /// One of the original's kind tells of a configuration. While it moves replicas it takes the epoch of a newer one
    /// and names whom it has promoted itself, though it remembers the master before: whoever is new believes that.
    mutating func toldByOriginal(_ hello: Hello, isOneNode: (Endpoint, Endpoint) -> Bool) {
        let key = Key(group: hello.masterName, epoch: hello.configEpoch)
        guard let known = addresses[key], !isOneNode(known.address, hello.master) else { return }
        forced(hello.masterName, in: hello.configEpoch)
    }

    /// - Parameter isOriginal: Whether the holder is of the original's kind, which takes the epoch of a newer
    ///   configuration and keeps its own address while it moves replicas: known, and not ours to mend.
    mutating func held(
        _ settings: Settings, by holder: String, isOriginal: Bool, isOneNode: (Endpoint, Endpoint) -> Bool
    ) throws(Violation) {
        for master in settings.masters where master.configEpoch > .zero {
            let key = Key(group: master.name, epoch: master.configEpoch)
            guard let known = addresses[key] else {
                addresses[key] = (master.address, holder)
                continue
            }
            guard !isOneNode(known.address, master.address), !doubt.covers(master.configEpoch) else { continue }
            if isOriginal { forced(master.name, in: master.configEpoch) }
            if let forced = firstForced[master.name], forced <= master.configEpoch { continue }
            throw Violation(
                rule: .oneAddressPerConfigEpoch,
                text: "config epoch \(master.configEpoch) of \(master.name) is \(known.address) for \(known.holder) "
                    + "and \(master.address) for \(holder)")
        }
    }
}
