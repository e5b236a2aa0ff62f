// SPDX-License-Identifier: Apache-2.0

import SentinelCore

/// Which address each config epoch stands for, by the first sentinel that held it.
struct ConfigurationBook {
    private struct Key: Hashable {
        let group: MasterName
        let epoch: Epoch
    }

    private var addresses: [Key: (address: Endpoint, holder: String)] = [:]

    mutating func held(_ settings: Settings, by holder: String) throws(Violation) {
        for master in settings.masters where master.configEpoch > .zero {
            let key = Key(group: master.name, epoch: master.configEpoch)
            guard let known = addresses[key] else {
                addresses[key] = (master.address, holder)
                continue
            }
            guard known.address != master.address else { continue }
            throw Violation(
                rule: .oneAddressPerConfigEpoch,
                text: "config epoch \(master.configEpoch) of \(master.name) is \(known.address) for \(known.holder) "
                    + "and \(master.address) for \(holder)")
        }
    }
}
