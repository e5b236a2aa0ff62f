// SPDX-License-Identifier: Apache-2.0

import SentinelCore

extension Simulation {
    /// What keeps the world from having converged, or `nil` if nothing does.
    ///
    /// Nodes that no sentinel knows are nobody's fault if none has ever had them in its file, or where an operator made
    /// one forget them while they were away.
    ///
    /// - Parameter some: The groups that are looked at; `nil` for all.
    func disagreement(on some: Set<Int>? = nil, at now: Instant) -> String? {
        for group in groups.indices where !groups[group].isEmpty && some?.contains(group) != false {
            if let text = disagreement(onGroup: group, at: now) { return text }
        }
        return nil
    }

    private func disagreement(onGroup group: Int, at now: Instant) -> String? {
        let name = groupName(group)
        guard let first = sentinels.first?.settings(of: name) else { return "\(name) is not monitored" }
        let ownEpoch = sentinels.first { !$0.isOriginal }?.settings(of: name)?.configEpoch
        for process in sentinels {
            guard process.isRunning, let settings = process.settings(of: name) else {
                return "\(process.name) does not monitor \(name)"
            }
            // A hello that comes while the address is the same may leave the original's kind with an older epoch.
            let isEpochWrong = !process.isOriginal && settings.configEpoch != ownEpoch
            if !isOneNode(settings.address, first.address) || isEpochWrong {
                return "\(name) is \(first.address) in \(first.configEpoch) for \(sentinels[0].name), "
                    + "\(settings.address) in \(settings.configEpoch) for \(process.name)"
            }
            if settings.knownSentinels.count != sentinels.count - 1 {
                return "\(process.name) knows \(settings.knownSentinels.count) peers of \(name)"
            }
            if process.isTilted { return "\(process.name) is in tilt" }
        }
        guard let master = groups[group].first(where: { leads(first.address, to: $0) }) else {
            return "\(name) is at \(first.address), where there is no node"
        }
        if !master.isRunning || !master.isMaster || master.isLoading(at: now) {
            return "\(name) is at \(first.address), which is no master"
        }
        for node in groups[group] where node !== master {
            let strangers = sentinels.filter {
                $0.settings(of: name)?.knownReplicas.contains { leads($0, to: node) } != true
            }
            if strangers.count == sentinels.count {
                guard schedule.names == .none, everKnown.contains(node.host), !mayBeForgotten.contains(group)
                else { continue }
                return "\(node.endpoint) was known and is to nobody"
            }
            if let stranger = strangers.first {
                let known = stranger.settings(of: name)?.knownReplicas ?? []
                return "\(node.endpoint) is known to some, but not to \(stranger.name), who knows \(known)"
            }
            if !follows(node, master) {
                return "\(node.endpoint) follows \(node.follows.map(\.description) ?? "nobody")"
            }
            if !node.isLinkUp { return "\(node.endpoint) has no link to its master" }
        }
        return opinionsOutstanding(on: name, at: now)
    }

    /// Somebody's state of `name` that is not plain health.
    private func opinionsOutstanding(on name: MasterName, at now: Instant) -> String? {
        for process in sentinels {
            guard let opinion = process.brain?.opinion(of: name, at: process.localTime(now)) else { continue }
            if opinion.flags != [.master] || opinion.stage != nil {
                return "\(process.name) holds \(name) as \(opinion.flags), stage \(describe(opinion.stage))"
            }
        }
        return nil
    }

    private func describe(_ stage: FailoverStage?) -> String { stage.map { "\($0)" } ?? "none" }
}
