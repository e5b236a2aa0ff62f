// SPDX-License-Identifier: Apache-2.0

import SentinelCore

/// The epochs in which two processes may have had one run ID, so that nobody can tell who voted or was elected. The
/// books that judge by epochs share it.
final class CloneDoubt {
    private var isOn = false
    private var through = Epoch.zero

    func began() { isOn = true }

    /// - Parameter epoch: The newest one that anybody is in: who stands for election in it may be elected later.
    func ended(in epoch: Epoch) {
        isOn = false
        through = max(through, epoch)
    }

    func covers(_ epoch: Epoch) -> Bool { isOn || epoch <= through }
}
