// SPDX-License-Identifier: Apache-2.0

// Data nodes: serving requests, replicating, dying and coming back.

import SentinelCore
import SentinelWire

extension Simulation {
    func serve(_ request: Request, on wire: Wire, at node: DataNode) {
        let isLoading = node.isLoading(at: now)
        switch request {
        case .ping: push(.reply(.ping(isLoading ? .notReady : .pong)), on: wire, to: .owner)
        case .info:
            let replicas = groups[node.group].filter {
                $0.isRunning && $0.isLinkUp && follows($0, node) && canTalk($0.host, node.host)
            }
            let text = node.infoText(replicas: node.isLoading(at: now) ? [] : replicas, at: now)
            push(.reply(.info(InfoReport(text: text))), on: wire, to: .owner)
        case .hello(let hello):
            publish(hello, at: node)
            push(.reply(.published(true)), on: wire, to: .owner)
        case .replicate(let master, let isBare):
            guard !isLoading else { return push(.reply(.replicated(false)), on: wire, to: .owner) }
            say("\(node.endpoint)", "follows \(master?.description ?? "nobody")")
            node.follow(master, newHistory: dice.seed(), at: now)
            // CLIENT KILL ends everybody else's connections; the bare order has none.
            for other in wiresTo[node.host] where other !== wire && other.isOpenAtTarget && !isBare {
                other.isOpenAtTarget = false
                push(.closed, on: other, to: .owner)
            }
            wiresTo[node.host].removeAll { !$0.isOpenAtTarget && $0.targetLife != nil }
            if !isBare { node.subscribers.removeAll { $0 !== wire } }
            push(.reply(.replicated(true)), on: wire, to: .owner)
        case .subscribeToHellos:
            node.subscribers.append(wire)
            push(wire.channel == .hello ? .heard : .reply(.subscribed(true)), on: wire, to: .owner)
        case .speakRESP3:
            push(.reply(.protocolAgreed(isRESP3: node.answersHello != .refusal)), on: wire, to: .owner)
        case .authenticate, .introduce, .scriptKill:
            guard wire.channel == .command else { return }
            push(.reply(.other), on: wire, to: .owner)
        case .isMasterDown: push(.reply(.malformed(to: .isMasterDown)), on: wire, to: .owner)
        }
    }

    /// Hands a hello to everybody who has subscribed, as the text that it is on the wire.
    func publish(_ hello: Hello, at node: DataNode) {
        remember(hello)
        guard sabotage != .hellosDoNotSpread, var heard = throughText(hello) else { return }
        if sabotage == .staleConfigurationIsNewest { heard.configEpoch = max(heard.configEpoch, heard.currentEpoch) }
        node.subscribers.removeAll { !$0.isOpenAtTarget || $0.targetLife != node.life }
        for wire in node.subscribers where wire.channel == .hello || node.answersHello == .agreement {
            push(.hello(heard), on: wire, to: .owner)
        }
    }

    /// One round of replication.
    func replicate(_ node: DataNode) {
        timeline.enter(.replicate(node), at: now + dice.milliseconds(200...300))
        guard node.isRunning, !node.isPaused, !node.isLoading(at: now), let follows = node.follows,
            let master = self.node(at: follows)
        else { return }
        let answers =
            leads(follows, to: master) && master.isRunning && !master.isPaused && canTalk(node.host, master.host)
        node.pull(
            from: answers && master !== node ? master : nil,
            isRefused: !master.isRunning && !master.isUnplugged && canTalk(node.host, master.host),
            syncTime: dice.milliseconds(100...2000), at: now)
    }

    func crash(_ node: DataNode, isUnplugged: Bool) {
        guard node.isRunning else { return }
        say("\(node.endpoint)", isUnplugged ? "is unplugged" : "crashes")
        node.isRunning = false
        node.crashes += 1
        node.isUnplugged = isUnplugged
        node.inbox = []
        closeWires(to: node.host, isSilent: isUnplugged)
    }

    func start(_ node: DataNode, keepsData: Bool = true) {
        guard !node.isRunning else { return }
        node.restart(runID: dice.runID(), keepsData: keepsData, newHistory: dice.seed(), at: now)
        let loading = keepsData ? dice.milliseconds(0...2000) : .zero
        node.loadingUntil = now + loading
        say(
            "\(node.endpoint)",
            "starts as \(node.isMaster ? "a master" : "a replica")\(keepsData ? "" : ", empty"), loading \(loading)")
    }

    func pause(_ node: DataNode, for duration: Duration) {
        guard node.isRunning, !node.isPaused else { return }
        say("\(node.endpoint)", "stands still for \(duration)")
        node.isPaused = true
        timeline.enter(.nodeResumes(node, life: node.life), at: now + duration)
    }

    func resume(_ node: DataNode) {
        guard node.isPaused else { return }
        node.isPaused = false
        let inbox = node.inbox
        node.inbox = []
        for (wire, request) in inbox where wire.isOpenAtTarget { serve(request, on: wire, at: node) }
    }
}
