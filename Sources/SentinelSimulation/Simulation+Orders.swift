// SPDX-License-Identifier: Apache-2.0

// Orders to replicate, and whether a sentinel may give them.

import SentinelCore

extension Simulation {
    /// The group whose master is at an address, by what a sentinel remembers.
    func group(of endpoint: Endpoint, for process: SentinelProcess) -> MasterName? {
        let masters = process.remembered.masters
        if let group = masters.first(where: { isOneNode($0.address, endpoint) }) { return group.name }
        let listing = masters.filter { $0.knownReplicas.contains { isOneNode($0, endpoint) } }
        // A promotion is remembered before it is told, and until then the old master is asked about.
        let promoting = listing.first { process.attempts[$0.name]?.epoch == $0.configEpoch }
        return (promoting ?? listing.first)?.name
    }

    /// Judges an order to replicate.
    func checkOrder(_ request: Request, to endpoint: Endpoint, by process: SentinelProcess) throws(Violation) {
        guard case .replicate(let master, _) = request, let node = node(at: endpoint) else { return }
        // An address that went from one group to another may be known under both.
        let names = process.remembered.masters.filter { settings in
            settings.name == groupName(node.group) || isOneNode(settings.address, endpoint)
                || settings.knownReplicas.contains { isOneNode($0, endpoint) }
                || schedule.names != .none
                    && process.listed[settings.name, default: []].contains { isOneNode($0, endpoint) }
        }.map(\.name)
        guard let master else {
            guard let name = names.first(where: { process.attempts[$0]?.isElected == true }) else {
                throw Violation(
                    rule: .ordersComeFromLeader,
                    text: "\(process.name) promotes \(endpoint) and does not lead its group")
            }
            // The core says whom it chose when it does, and it is judged then; by a name, with the first order.
            let isFirst = process.attempts[name]?.isOrdered == false
            process.attempts[name]?.isOrdered = true
            let isJudged = process.isOriginal || schedule.names != .none && isFirst
            return isJudged ? try checkFitness(of: node, in: name, process) : ()
        }
        guard master != endpoint, !isOneNode(master, endpoint) || trustsFirstAnswers(process) else {
            throw Violation(rule: .nobodyFollowsItself, text: "\(process.name) tells \(endpoint) to follow itself")
        }
        let addresses = names.compactMap { process.settings(of: $0)?.address }
        // The original converts a stray master to what was the master before the promotion it has just made.
        let isNamed = addresses.contains { address in
            isOneNode(address, master) || trustsFirstAnswers(process) && mayBeOneNode(address, master)
        }
        guard !addresses.isEmpty, !isNamed, !process.isOriginal else { return }
        throw Violation(
            rule: .ordersNameTheMaster,
            text: "\(process.name) tells \(endpoint) to follow \(master), its masters are \(addresses)")
    }

    /// Whether a sentinel started so lately that it has nothing but the first answers about names to go by. To wait for
    /// a second one before anybody is promoted would hold up every failover soon after a start.
    private func trustsFirstAnswers(_ process: SentinelProcess) -> Bool {
        schedule.names != .none && now - process.startedAt < .seconds(12)
    }

    /// Whether a sentinel's master follows one of its replicas, so that nobody can have been connected to a master.
    private func isCircle(_ name: MasterName, _ process: SentinelProcess) -> Bool {
        guard let settings = process.settings(of: name), let followed = node(at: settings.address)?.follows else {
            return false
        }
        return settings.knownReplicas.contains { isOneNode($0, followed) }
    }

    /// A replica's word on how long it has been alone is in whole seconds, and as old as its INFO.
    func checkFitness(of node: DataNode, in name: MasterName, _ process: SentinelProcess) throws(Violation) {
        guard !trustsFirstAnswers(process) else { return }
        // A master that says it is a replica has left its own alone since; the original counts from when it is down.
        let since = [process.downSince[name], process.isOriginal ? nil : process.replicaSince[name]].compactMap { $0 }
        let master = process.settings(of: name).flatMap { self.node(at: $0.address) }
        let saidFor = master.map { $0.isMaster || process.isOriginal ? .zero : $0.linkDownFor(now) } ?? .zero
        let aloneFor = max(since.min().map { process.localTime(now) - $0 } ?? .zero, saidFor)
        let age = process.infoMadeAt[node.host].map { now - $0 } ?? .zero
        // One that was monitored again may not have been told how long to wait yet.
        let downAfter = process.settings(of: name)?.downAfter ?? schedule.downAfter
        let limit = downAfter * 10 + aloneFor + age + .seconds(1)
        // What the original takes a link for that INFO says nothing about is known.
        guard node.priority == 0 || !isCircle(name, process) && !process.isOriginal && node.linkDownFor(now) > limit
        else { return }
        throw Violation(
            rule: .promotedIsFit,
            text: "\(process.name) promotes \(node.endpoint), of priority \(node.priority), "
                + "without its master for \(node.linkDownFor(now))")
    }
}
