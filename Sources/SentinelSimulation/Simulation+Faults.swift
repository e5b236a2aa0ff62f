// SPDX-License-Identifier: Apache-2.0

// What goes wrong, and its end.

import SentinelCore

extension Simulation {
    func strike(_ fault: Fault) throws(Violation) {
        guard hasFaults, let mean = schedule.meanIntervals[fault.rawValue] else { return }
        timeline.enter(.fault(fault), at: now + dice.around(mean))
        outcome.faults[fault.rawValue] += 1
        say("fault", "\(fault)")
        switch fault {
        case .sentinelCrash:
            let process = dice.pick(sentinels)
            try crash(process, isUnplugged: dice.chance(0.3))
            timeline.enter(.sentinelStarts(process), at: now + dice.milliseconds(50...15000))
        case .sentinelCrashAtEffect:
            dice.pick(sentinels).ambush = SentinelProcess.Ambush(
                effectsLeft: dice.number(0...4), isBefore: dice.chance(0.5))
        case .sentinelPause: pause(dice.pick(sentinels), for: dice.milliseconds(100...1900))
        case .sentinelLongPause: pause(dice.pick(sentinels), for: dice.milliseconds(2100...9000))
        case .nodeCrash:
            let node = dice.pick(dice.pick(groups))
            crash(node, isUnplugged: dice.chance(0.3))
            timeline.enter(.nodeStarts(node, crashes: node.crashes), at: now + dice.milliseconds(500...20000))
        case .nodeRebornEmpty:
            let node = dice.pick(dice.pick(groups))
            crash(node, isUnplugged: false)
            start(node, keepsData: false)
        case .nodePause: pause(dice.pick(dice.pick(groups)), for: dice.milliseconds(500...10000))
        case .masterKill:
            let node = presumedMaster()
            crash(node, isUnplugged: dice.chance(0.3))
            timeline.enter(.nodeStarts(node, crashes: node.crashes), at: now + dice.milliseconds(3000...40000))
        case .masterIsolation: isolate(presumedMaster().host, for: dice.milliseconds(2000...30000))
        case .partition, .oneWayPartition:
            split(isOneWay: fault == .oneWayPartition, for: dice.milliseconds(1000...25000))
        case .connectionReset: resetWires(of: anyHost())
        case .lostPacket: lossyUntil = now + dice.milliseconds(100...3000)
        case .slowHost:
            let host = anyHost()
            network.slowDown(host, byMicroseconds: dice.number(5...400) * 1000)
            timeline.enter(.heal(.host(host)), at: now + dice.milliseconds(2000...20000))
        case .diskFull:
            let process = dice.pick(sentinels)
            process.disk.isFull = true
            timeline.enter(.heal(.disk(process)), at: now + dice.milliseconds(500...20000))
        case .slowDisk:
            let process = dice.pick(sentinels)
            process.disk.delay = dice.milliseconds(20...3000)
            timeline.enter(.heal(.disk(process)), at: now + dice.milliseconds(2000...15000))
        case .oldHello: try replayHello()
        case .operatorReset, .operatorRemonitor, .operatorSet, .operatorFailover: try operate(fault)
        }
    }

    func heal(_ healing: Healing) {
        switch healing {
        case .path(let from, let to): network.unblock(from: from, to: to)
        case .host(let host): network.slowDown(host, byMicroseconds: 0)
        case .disk(let process):
            process.disk.isFull = false
            process.disk.delay = .zero
        }
    }

    /// Ends all faults: everything runs and reaches everything.
    func healAll() {
        say("world", "heals")
        hasFaults = false
        network.healAll()
        lossyUntil = now
        for process in sentinels {
            process.ambush = nil
            process.disk.isFull = false
            process.disk.delay = .zero
            timeline.enter(.sentinelResumes(process, life: process.life), at: now)
            timeline.enter(.sentinelStarts(process), at: now)
        }
        for group in groups {
            for node in group {
                resume(node)
                start(node)
            }
        }
    }

    /// Whom the first running sentinel takes for the master of some group.
    private func presumedMaster() -> DataNode {
        let group = dice.number(0...(groups.count - 1))
        let address = sentinels.first { $0.isRunning }?.settings(of: groupName(group))?.address
        return groups[group].first { $0.endpoint == address } ?? groups[group][0]
    }

    private func anyHost() -> Int { dice.number(0...(sentinels.count + nodeOfHost.count - 1)) }

    private func block(from: Int, to: Int, for duration: Duration) {
        network.block(from: from, to: to)
        timeline.enter(.heal(.path(from: from, to: to)), at: now + duration)
    }

    private func isolate(_ host: Int, for duration: Duration) {
        say("fault", "isolates host \(host) for \(duration)")
        for other in wiresTo.indices where other != host {
            block(from: host, to: other, for: duration)
            block(from: other, to: host, for: duration)
        }
    }

    private func split(isOneWay: Bool, for duration: Duration) {
        let side = wiresTo.indices.map { _ in dice.chance(0.4) }
        say("fault", "splits \(side.indices.filter { side[$0] }) from the others for \(duration)")
        for from in wiresTo.indices {
            for to in wiresTo.indices where side[from] != side[to] && (!isOneWay || side[from]) {
                block(from: from, to: to, for: duration)
            }
        }
    }

    private func replayHello() throws(Violation) {
        guard !oldHellos.isEmpty else { return }
        for _ in 0..<dice.number(1...5) {
            let hello = dice.pick(oldHellos)
            if dice.chance(0.5) {
                let node = dice.pick(dice.pick(groups))
                if node.isRunning { publish(hello, at: node) }
            } else {
                let process = dice.pick(sentinels)
                guard process.isRunning else { continue }
                try feed(process, .command(process.makeRequest(.operate), .publishHello(hello)))
            }
        }
    }

    // MARK: Operators

    private func operate(_ fault: Fault) throws(Violation) {
        let process = dice.pick(sentinels)
        let name = groupName(dice.number(0...(groups.count - 1)))
        guard process.isRunning, !process.isPaused, let settings = process.settings(of: name) else { return }
        switch fault {
        case .operatorReset:
            renewals += 1
            try obey(.reset([name]), process)
        case .operatorFailover: try obey(.failover(name), process)
        case .operatorSet:
            try obey(.set(name, [change(.parallelSyncs(dice.number(1...5)))]), process)
        default:
            process.renewedGroups.insert(name)
            renewals += 1
            try monitorAgain(name, at: settings.address, process)
        }
    }

    private func obey(_ command: Command, _ process: SentinelProcess) throws(Violation) {
        say("operator", "\(process.name) \(command)")
        try feed(process, .command(process.makeRequest(.operate), command))
    }

    private func change(_ option: MasterOption) -> OptionChange { OptionChange(option, name: "option", shown: "value") }

    private func monitorAgain(_ name: MasterName, at address: Endpoint, _ process: SentinelProcess) throws(Violation) {
        if process.settings(of: name) != nil { try obey(.remove(name), process) }
        try obey(.monitor(name, host: address.host, port: Int(address.port), quorum: schedule.quorum), process)
        try configure(name, process)
    }

    private func configure(_ name: MasterName, _ process: SentinelProcess) throws(Violation) {
        let options: [MasterOption] = [
            .downAfter(schedule.downAfter), .failoverTimeout(schedule.failoverTimeout),
            .parallelSyncs(schedule.parallelSyncs),
        ]
        try obey(.set(name, options.map(change)), process)
    }

    /// Completes what a crash cut short. If `disagreeing`, points everybody at the master of the newest configuration,
    /// or the one most name: sentinels that share no node and know no peer can't find each other.
    func repairGroups(disagreeing: Bool) throws(Violation) {
        for group in groups.indices {
            let name = groupName(group)
            let address = likelyMaster(of: name) ?? groups[group][0].endpoint
            for process in sentinels where process.isRunning {
                let settings = process.settings(of: name)
                let isRenewed = process.renewedGroups.contains(name)
                if settings == nil || (disagreeing && settings?.address != address) {
                    process.renewedGroups.insert(name)
                    try monitorAgain(name, at: address, process)
                } else if isRenewed, settings?.downAfter != schedule.downAfter
                    || settings?.failoverTimeout != schedule.failoverTimeout
                {
                    try configure(name, process)
                }
            }
        }
    }

    private func likelyMaster(of name: MasterName) -> Endpoint? {
        let held = sentinels.compactMap { $0.settings(of: name) }
        func weight(_ settings: MasterSettings) -> (Epoch, Int) {
            (settings.configEpoch, held.count { $0.address == settings.address })
        }
        return held.max { weight($0) < weight($1) }?.address
    }
}
