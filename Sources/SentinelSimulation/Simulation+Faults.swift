// SPDX-License-Identifier: Apache-2.0

// What goes wrong, and its end.

import SentinelCore

extension Simulation {
    func strike(_ fault: Fault) throws(Violation) {
        guard hasFaults, let mean = schedule.meanIntervals[fault.rawValue] else { return }
        outcome.strikes[fault.rawValue] += 1
        let strike = Strike(fault: fault, number: outcome.strikes[fault.rawValue])
        var chance = Dice(seed: schedule.seed, stream: .strike(strike))
        timeline.enter(.fault(fault), at: now + chance.around(mean))
        guard !schedule.reduction.strikes.contains(strike) else { return }
        outcome.faults[fault.rawValue] += 1
        say("fault", "\(fault)#\(strike.number)")
        switch fault {
        case .sentinelCrash, .sentinelCrashAtEffect, .sentinelPause, .sentinelLongPause, .clonedSentinel, .clockAhead,
            .clockBehind, .diskFull, .slowDisk, .renameRefused, .tornWrite:
            guard let process = sentinel(&chance) else { return }
            try harm(process, fault, &chance)
        case .nodeCrash, .nodeRebornEmpty, .nodePause, .addressReused:
            guard let node = node(&chance) else { return }
            harm(node, fault, &chance)
        case .masterKill:
            guard let node = presumedMaster(&chance) else { return }
            crash(node, isUnplugged: chance.chance(0.3))
            timeline.enter(.nodeStarts(node, crashes: node.crashes), at: now + chance.milliseconds(3000...40000))
        case .masterIsolation:
            guard let node = presumedMaster(&chance) else { return }
            isolate(node.host, for: chance.milliseconds(2000...30000))
        case .partition, .oneWayPartition:
            split(isOneWay: fault == .oneWayPartition, for: chance.milliseconds(1000...25000), &chance)
        case .flappingPath: flap(anyHost(&chance), anyHost(&chance), left: chance.number(5...50))
        case .connectionReset: resetWires(of: anyHost(&chance))
        case .lostPacket: lossyUntil = now + chance.milliseconds(100...3000)
        case .slowHost:
            let host = anyHost(&chance)
            network.slowDown(host, byMicroseconds: chance.number(5...400) * 1000)
            timeline.enter(.heal(.host(host)), at: now + chance.milliseconds(2000...20000))
        case .oldHello: try replayHello(&chance)
        case .repeatedRequest: try repeatRequest(&chance)
        case .operatorReset, .operatorRemonitor, .operatorSet, .operatorFailover: try operate(fault, &chance)
        case .nameTimeout, .wrongName, .changedName: disturbNames(fault, &chance)
        }
    }

    private func harm(_ process: SentinelProcess, _ fault: Fault, _ chance: inout Dice) throws(Violation) {
        switch fault {
        case .sentinelCrash:
            try crash(process, isUnplugged: chance.chance(0.3))
            timeline.enter(.sentinelStarts(process), at: now + chance.milliseconds(50...15000))
        case .sentinelCrashAtEffect:
            process.ambush = SentinelProcess.Ambush(
                effectsLeft: chance.number(0...4), isBefore: chance.chance(0.5))
        case .sentinelPause: pause(process, for: chance.milliseconds(100...1900))
        case .sentinelLongPause: pause(process, for: chance.milliseconds(2100...9000))
        case .clonedSentinel: try startClone(of: process, for: chance.milliseconds(3000...20000))
        case .clockAhead: jump(process, by: chance.milliseconds(chance.chance(0.5) ? 100...1900 : 2000...60000))
        case .clockBehind: jump(process, by: .zero - chance.milliseconds(10...3000))
        case .diskFull, .slowDisk, .renameRefused:
            // The original goes on as if it had saved: what it then forgets in a crash is known.
            guard !process.isOriginal else { return }
            switch fault {
            case .diskFull: process.disk.isFull = true
            case .slowDisk: process.disk.delay = chance.milliseconds(20...3000)
            default: process.disk.refusesRename = true
            }
            timeline.enter(.heal(.disk(process)), at: now + chance.milliseconds(500...20000))
        default: process.diesInWrite = true
        }
    }

    private func harm(_ node: DataNode, _ fault: Fault, _ chance: inout Dice) {
        switch fault {
        case .nodeCrash:
            crash(node, isUnplugged: chance.chance(0.3))
            timeline.enter(.nodeStarts(node, crashes: node.crashes), at: now + chance.milliseconds(500...20000))
        case .nodeRebornEmpty:
            crash(node, isUnplugged: false)
            start(node, keepsData: false)
        case .nodePause: pause(node, for: chance.milliseconds(500...10000))
        default: moveToOtherGroup(node, &chance)
        }
    }

    func heal(_ healing: Healing) {
        switch healing {
        case .path(let from, let to): network.unblock(from: from, to: to)
        case .host(let host): network.slowDown(host, byMicroseconds: 0)
        case .disk(let process): process.disk.heal()
        case .record(let node): names.record(node.name, node.endpoint.host)
        }
    }

    /// Ends all faults: everything runs and reaches everything.
    func healAll() throws(Violation) {
        say("world", "heals")
        hasFaults = false
        network.healAll()
        names.heal()
        lossyUntil = now
        try endClone()
        for process in sentinels {
            process.ambush = nil
            process.diesInWrite = false
            process.disk.heal()
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

    // MARK: Whom it strikes; nobody, if he was left out of the schedule

    private func sentinel(_ chance: inout Dice) -> SentinelProcess? {
        let number = chance.number(0...(schedule.drawnSentinels - 1))
        return number < sentinels.count ? sentinels[number] : nil
    }

    func node(_ chance: inout Dice) -> DataNode? {
        let group = chance.number(0...(homes.count - 1))
        let index = chance.number(0...(schedule.drawnGroups[group] - 1))
        return index < homes[group].count ? homes[group][index] : nil
    }

    private func group(_ chance: inout Dice) -> Int? {
        let group = chance.number(0...(groups.count - 1))
        return groups[group].isEmpty ? nil : group
    }

    /// Whom the first running sentinel takes for the master of some group.
    func presumedMaster(_ chance: inout Dice) -> DataNode? { group(&chance).map(presumedMaster) }

    private func presumedMaster(of group: Int) -> DataNode {
        let address = sentinels.first { $0.isRunning }?.settings(of: groupName(group))?.address
        return groups[group].first { node in address.map { isOneNode($0, node.endpoint) } ?? false }
            ?? groups[group][0]
    }

    private func anyHost(_ chance: inout Dice) -> Int {
        chance.number(0...(schedule.drawnSentinels + schedule.drawnGroups.reduce(0, +) - 1))
    }

    // MARK: Paths

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

    private func split(isOneWay: Bool, for duration: Duration, _ chance: inout Dice) {
        let side = wiresTo.indices.map { _ in chance.chance(0.4) }
        say("fault", "splits \(side.indices.filter { side[$0] }) from the others for \(duration)")
        for from in wiresTo.indices {
            for to in wiresTo.indices where side[from] != side[to] && (!isOneWay || side[from]) {
                block(from: from, to: to, for: duration)
            }
        }
    }

    /// A path that comes and goes.
    func flap(_ one: Int, _ other: Int, left: Int) {
        guard hasFaults, left > 0, one != other else { return }
        let duration = dice.milliseconds(20...700)
        block(from: one, to: other, for: duration)
        block(from: other, to: one, for: duration)
        timeline.enter(.flap(one, other, left: left - 1), at: now + duration + dice.milliseconds(20...1200))
    }

    // MARK: What is old

    private func replayHello(_ chance: inout Dice) throws(Violation) {
        for _ in 0..<chance.number(1...5) where !oldHellos.isEmpty {
            let hello = chance.pick(oldHellos)
            if chance.chance(0.5) {
                if let node = node(&chance), node.isRunning { publish(hello, at: node) }
            } else if let process = sentinel(&chance), process.isRunning {
                try feed(process, .command(process.makeRequest(.operate), .publishHello(hello)))
            }
        }
    }

    /// What was sent comes again, over a connection whose owner is not there any more.
    private func repeatRequest(_ chance: inout Dice) throws(Violation) {
        for _ in 0..<chance.number(1...5) where !oldRequests.isEmpty {
            let (old, request) = chance.pick(oldRequests)
            guard canTalk(old.owner.host, old.target) else { continue }
            let wire = Wire(owner: old.owner, connection: old.connection, channel: old.channel, target: old.target)
            wire.isOpenAtOwner = false
            say("fault", "repeats \(request) to host \(wire.target)")
            push(.open, on: wire, to: .target)
            push(.request(request), on: wire, to: .target)
        }
    }

    // MARK: Clocks and copies

    private func jump(_ process: SentinelProcess, by duration: Duration) {
        guard process.isRunning else { return }
        say(process.name, "has its clock jump by \(duration)")
        process.jump(by: duration, at: now)
        process.wakeAt = nil
        if !process.isPaused { scheduleWake(of: process) }
    }

    /// Somebody starts a copy of a sentinel's machine: another process with the same run ID.
    private func startClone(of process: SentinelProcess, for duration: Duration) throws(Violation) {
        guard clone == nil, process.isRunning else { return }
        cloneDoubt.began()
        let host = processOfHost.count - 1
        let copy = SentinelProcess(
            host: host, number: 99, runID: process.runID, endpoint: Endpoint(host: "10.0.0.99", port: 26379),
            isOriginal: process.isOriginal, configuration: process.configuration)
        copy.disk = process.disk
        _ = copy.disk.crash(.beforeRename, &dice)
        copy.disk.heal()
        hostOfEndpoint[copy.endpoint] = host
        processOfHost[host] = copy
        epochs.forget(copy)
        clone = copy
        say("fault", "\(process.name) has a copy")
        try start(copy)
        timeline.enter(.cloneEnds, at: now + duration)
    }

    /// The copy is noticed and taken away.
    func endClone() throws(Violation) {
        guard let copy = clone else { return }
        try crash(copy, isUnplugged: false)
        clone = nil
        formerClones.append(copy)
        processOfHost[copy.host] = nil
        let newest = (sentinels + [copy]).map(\.remembered.currentEpoch).max() ?? .zero
        cloneDoubt.ended(in: newest)
    }

    /// A replica's address goes to a new node of another group.
    private func moveToOtherGroup(_ node: DataNode, _ chance: inout Dice) {
        let target = chance.number(0...(groups.count - 1))
        guard target != node.group, !groups[target].isEmpty, groups[node.group].count > 1,
            presumedMaster(of: node.group) !== node, !node.isMaster
        else { return }
        for group in [node.group, target] {
            tear(group)
            mixed.insert(group)
        }
        crash(node, isUnplugged: false)
        groups[node.group].removeAll { $0 === node }
        node.group = target
        groups[target].append(node)
        node.follow(presumedMaster(of: target).endpoint, newHistory: dice.seed(), at: now)
        say("fault", "\(node.endpoint) is now of \(groupName(target))")
        start(node, keepsData: false)
    }

    // MARK: Operators

    private func operate(_ fault: Fault, _ chance: inout Dice) throws(Violation) {
        guard let process = sentinel(&chance), let group = group(&chance) else { return }
        let name = groupName(group)
        guard process.isRunning, !process.isPaused, let settings = process.settings(of: name) else { return }
        // There it would go back to the master before a promotion, in the same config epoch.
        guard fault != .operatorReset || !process.isOriginal else { return }
        switch fault {
        case .operatorReset:
            tear(group)
            try obey(.reset([name]), process)
        case .operatorFailover: try obey(.failover(name), process)
        case .operatorSet:
            try obey(.set(name, [change(.parallelSyncs(chance.number(1...5)))]), process)
        default:
            tear(group)
            try monitorAgain(name, at: settings.address, process)
        }
    }

    private func obey(_ command: Command, _ process: SentinelProcess) throws(Violation) {
        say("operator", "\(process.name) \(command)")
        try feed(process, .command(process.makeRequest(.operate), command))
    }

    private func change(_ option: MasterOption) -> OptionChange { OptionChange(option, name: "option", shown: "value") }

    private func monitorAgain(_ name: MasterName, at address: Endpoint, _ process: SentinelProcess) throws(Violation) {
        try remove(name, from: process)
        // A node that has moved since is monitored where it is.
        var host = node(at: address)?.endpoint.host ?? address.host
        if schedule.names != .none, let node = node(at: address), dice.chance(0.5) { host = node.name }
        let command = Command.monitor(name, host: host, port: Int(address.port), quorum: schedule.quorum)
        guard !NumericHost.isNumeric(host) else {
            try obey(command, process)
            return try obey(configuration(of: name), process)
        }
        // A name is asked about first.
        say("operator", "\(process.name) \(command)")
        try feed(process, .command(process.makeRequest(.configure(name)), command))
    }

    private func remove(_ name: MasterName, from process: SentinelProcess) throws(Violation) {
        process.renewedGroups.insert(name)
        if process.settings(of: name) != nil { try obey(.remove(name), process) }
    }

    func configuration(of name: MasterName) -> Command {
        let options: [MasterOption] = [
            .downAfter(schedule.downAfter), .failoverTimeout(schedule.failoverTimeout),
            .parallelSyncs(schedule.parallelSyncs),
        ]
        return .set(name, options.map(change))
    }

    /// Completes what a crash cut short. If `disagreeing`, points everybody at a node that is a master, first that of
    /// the newest configuration, then the one most name: sentinels that share no node and know no peer can't find each
    /// other, and what was forgotten everywhere may be all that was left.
    func repair(_ broken: Set<Int>, disagreeing: Bool) throws(Violation) {
        for group in broken.sorted() where !groups[group].isEmpty {
            let name = groupName(group)
            let masters = groups[group].filter { $0.isRunning && $0.isMaster }.map(\.endpoint)
            let address =
                (disagreeing ? likelyMaster(of: name, among: masters) ?? masters.first : nil)
                ?? likelyMaster(of: name) ?? groups[group][0].endpoint
            let master = node(at: address)
            func isToForget(_ settings: MasterSettings?) -> Bool {
                guard let settings else { return true }
                return disagreeing && !(master.map { leads(settings.address, to: $0) } ?? false)
            }
            // Forgotten everywhere, replicas that follow each other can't be found any more; the original's kind does
            // not promote one of them.
            let knowsReplicas = sentinels.contains { process in
                guard let settings = process.settings(of: name), !process.isOriginal else { return false }
                return !settings.knownReplicas.isEmpty && !isToForget(settings)
            }
            if disagreeing, masters.isEmpty, !knowsReplicas, let master, master.isRunning {
                say("operator", "\(master.endpoint) is to follow nobody")
                master.follow(nil, newHistory: dice.seed(), at: now)
            }
            for process in sentinels where process.isRunning {
                let settings = process.settings(of: name)
                let isRenewed = process.renewedGroups.contains(name)
                if isToForget(settings) {
                    try monitorAgain(name, at: address, process)
                } else if isRenewed,
                    settings?.downAfter != schedule.downAfter
                        || settings?.failoverTimeout != schedule.failoverTimeout
                {
                    try obey(configuration(of: name), process)
                }
            }
        }
    }

    /// Groups of which nobody knows a replica any more: none of their sentinels was told twice what the master's name
    /// stands for before it started anew.
    var groupsWithoutReplicas: Set<Int> {
        guard schedule.names != .none else { return [] }
        return Set(
            groups.indices.filter { group in
                let settings = sentinels.map { $0.settings(of: groupName(group)) }
                return groups[group].count > 1 && settings.allSatisfy { $0.map(\.knownReplicas.isEmpty) ?? true }
            })
    }

    /// Whether one of the original's kind counts a node to a group that it was in before: it would take it back.
    var listsOriginalStrangers: Bool {
        sentinels.contains { process in
            process.isOriginal
                && process.remembered.masters.contains { settings in
                    settings.knownReplicas.contains { group(of: $0) != settings.name }
                }
        }
    }

    /// Operators have nodes follow the master of the group they are in now, and RESET what still counts them elsewhere.
    func repairMovedNodes() throws(Violation) {
        for group in mixed.sorted() where !groups[group].isEmpty {
            let name = groupName(group)
            let likely = likelyMaster(of: name)
            let master = groups[group].first { node in likely.map { leads($0, to: node) } ?? false } ?? groups[group][0]
            for node in groups[group] where node.isRunning {
                node.follow(node === master ? nil : master.endpoint, newHistory: dice.seed(), at: now)
            }
            // One that still names the old address with a newer epoch would take the others back there.
            let isAgreed = sentinels.allSatisfy { process in
                process.settings(of: name).map { leads($0.address, to: master) } ?? false
            }
            if !isAgreed {
                for process in sentinels where process.isRunning && process.settings(of: name) != nil {
                    try remove(name, from: process)
                }
                try run(until: now + .seconds(3))
            }
            for process in sentinels where process.isRunning {
                let settings = process.settings(of: name)
                let hasStrangers =
                    settings.map { !$0.knownReplicas.allSatisfy { node(at: $0)?.group == group } } ?? false
                // RESET would have the original's kind go back to the master before a promotion.
                if settings == nil || hasStrangers && process.isOriginal {
                    try monitorAgain(name, at: master.endpoint, process)
                } else if hasStrangers {
                    try obey(.reset([name]), process)
                }
            }
        }
    }

    /// - Parameter addresses: Those that count; `nil` for all.
    private func likelyMaster(of name: MasterName, among addresses: [Endpoint]? = nil) -> Endpoint? {
        let held = sentinels.compactMap { $0.settings(of: name) }
            .filter { settings in addresses?.contains { isOneNode($0, settings.address) } ?? true }
        func weight(_ settings: MasterSettings) -> (Epoch, Int) {
            (settings.configEpoch, held.count { isOneNode($0.address, settings.address) })
        }
        return held.max { weight($0) < weight($1) }?.address
    }
}
