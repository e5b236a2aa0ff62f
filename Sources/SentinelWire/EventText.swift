// SPDX-License-Identifier: Apache-2.0

package import SentinelCore

/// An event as clients and the log see it: the channel it is published on, and what it says.
///
/// - Source: spec/monitoring.md 9.
package struct EventText: Sendable, Equatable {
    package let name: String
    package let payload: String

    package init(_ event: Event) {
        switch event {
        case .monitored(let subject, let quorum): self.init("+monitor", "\(subject.text) quorum \(quorum)")
        case .unmonitored(let subject): self.init("-monitor", subject.text)
        case .optionSet(let subject, let option, let value): self.init("+set", "\(subject.text) \(option) \(value)")
        case .masterReset(let subject): self.init("+reset-master", subject.text)
        case .replicaFound(let subject): self.init("+slave", subject.text)
        case .sentinelFound(let subject): self.init("+sentinel", subject.text)
        case .sentinelMoved(let master, let runID, let endpoint):
            self.init(
                "+sentinel-address-switch", "\(master.text) ip \(endpoint.host) port \(endpoint.port) for \(runID)")
        case .sentinelMovedElsewhere(let subject, let count):
            self.init("+sentinel-address-update", "\(subject.text) \(count) additional matching instances")
        case .sentinelAddressTaken(let subject): self.init("+sentinel-invalid-addr", subject.text)
        case .sdown(let subject): self.init("+sdown", subject.text)
        case .sdownCleared(let subject): self.init("-sdown", subject.text)
        case .odown(let subject, let reports, let quorum):
            self.init("+odown", "\(subject.text) #quorum \(reports)/\(quorum)")
        case .odownCleared(let subject): self.init("-odown", subject.text)
        case .epochRaised(let epoch, _): self.init("+new-epoch", "\(epoch)")
        case .voted(let vote, _): self.init("+vote-for-leader", "\(vote.candidate) \(vote.epoch)")
        case .failover(let step, let subject): self.init(step.name, subject.text)
        case .masterSwitched(let name, let from, let to):
            self.init("+switch-master", "\(name) \(from.host) \(from.port) \(to.host) \(to.port)")
        case .configUpdated(let subject): self.init("+config-update-from", subject.text)
        case .convertedToReplica(let subject): self.init("+convert-to-slave", subject.text)
        case .replicaConfigFixed(let subject): self.init("+fix-slave-config", subject.text)
        case .masterConfigFixed(let subject): self.init("+fix-master-config", subject.text)
        case .roleReported(let subject, let role, let isExpected):
            self.init(
                isExpected ? "+role-change" : "-role-change",
                "\(subject.text) new reported role is \(role == .master ? "master" : "slave")")
        case .rebooted(let subject): self.init("+reboot", subject.text)
        case .tiltEntered: self.init("+tilt", "#tilt mode entered")
        case .tiltLeft: self.init("-tilt", "#tilt mode exited")
        case .stateNotSaved: self.init("+state-not-saved", "#no vote is given until the state is on disk again")
        case .stateSavedAgain: self.init("-state-not-saved", "#the state is on disk again")
        case .linkLost(let subject, let channel, let reason):
            self.init(
                channel == .command ? "-cmd-link-reconnection" : "-pubsub-link-reconnection",
                "\(subject.text) #\(reason)")
        case .scriptFailed(let path, let ending):
            let (code, signal) = ending.numbers
            self.init("-script-error", "\(path) \(signal) \(code)")
        case .scriptTimedOut(let path, let processID): self.init("-script-timeout", "\(path) \(processID)")
        }
    }

    private init(_ name: String, _ payload: String) {
        self.name = name
        self.payload = payload
    }
}

extension InstanceLabel {
    /// `<type> <name> <ip> <port>`, and for other than masters ` @ <master> <ip> <port>`.
    fileprivate var text: String {
        let own = "\(kind.word) \(name) \(address.host) \(address.port)"
        guard kind != .master else { return own }
        return "\(own) @ \(masterName) \(masterAddress.host) \(masterAddress.port)"
    }
}

extension InstanceLabel.Kind {
    fileprivate var word: String {
        switch self {
        case .master: "master"
        case .replica: "slave"
        case .sentinel: "sentinel"
        }
    }
}

extension Event.FailoverStep {
    fileprivate var name: String {
        switch self {
        case .tried: "+try-failover"
        case .elected: "+elected-leader"
        case .notElected: "-failover-abort-not-elected"
        case .selectingReplica: "+failover-state-select-slave"
        case .noGoodReplica: "-failover-abort-no-good-slave"
        case .selectedReplica: "+selected-slave"
        case .sendingPromotion: "+failover-state-send-slaveof-noone"
        case .waitingForPromotion: "+failover-state-wait-promotion"
        case .promotionTimedOut: "-failover-abort-slave-timeout"
        case .promoted: "+promoted-slave"
        case .reconfiguringReplicas: "+failover-state-reconf-slaves"
        case .reconfSent: "+slave-reconf-sent"
        case .reconfInProgress: "+slave-reconf-inprog"
        case .reconfDone: "+slave-reconf-done"
        case .reconfSentBestEffort: "+slave-reconf-sent-be"
        case .reconfTimedOut: "-slave-reconf-sent-timeout"
        case .endedForTimeout: "+failover-end-for-timeout"
        case .ended: "+failover-end"
        }
    }
}

/// A plain line of the log.
///
/// - Source: spec/monitoring.md 9, "Plain log lines".
package struct LogText: Sendable, Equatable {
    package let severity: Severity
    package let text: String

    /// - Parameter localTime: Turns a time from now into text like `Sat Nov 21 04:05:06 2026`.
    package init(_ line: LogLine, localTime: (Duration) -> String) {
        switch line {
        case .sentinelID(let runID): self.init(.notice, "Sentinel ID is \(runID)")
        case .userRequestedFailover(let name): self.init(.notice, "Executing user requested FAILOVER of '\(name)'")
        case .voted(let peer, let vote): self.init(.notice, "\(peer) voted for \(vote.candidate) \(vote.epoch)")
        case .nextFailoverDelay(let duration):
            self.init(.notice, "Next failover delay: I will not start a failover before \(localTime(duration))")
        case .unresolvedHost(let host): self.init(.warning, "Failed to resolve hostname '\(host)'")
        case .orderRefused(let subject):
            self.init(
                .warning,
                "\(subject.text) refused the transaction of a reconfiguration (is CONFIG or CLIENT renamed or denied?); "
                    + "giving the bare order instead")
        case .accessRefused(let subject, let problem):
            let credentials =
                subject.kind == .sentinel ? "sentinel sentinel-user, sentinel-pass" : "sentinel auth-user, auth-pass"
            let reason =
                switch problem {
                case .passwordMissing: "wants a password and none is configured (\(credentials))"
                case .passwordWrong: "refuses the password (\(credentials))"
                case .permissionMissing: "does not allow its user to PING (\(credentials); ACL of its user)"
                }
            self.init(.warning, "\(subject.text) \(reason); until it lets this sentinel in it counts as down")
        case .identityTaken(let endpoint):
            self.init(
                .warning,
                "A sentinel at \(endpoint) has the run ID of this one (was its configuration file copied?); "
                    + "it is ignored here, and others take the two for one. Delete the line 'sentinel myid' in its file"
            )
        case .scriptStarted(let processID): self.init(.debug, "+script-child \(processID)")
        case .scriptEnded(let processID, let ending):
            let (code, signal) = ending.numbers
            self.init(.debug, "-script-child \(processID) \(code) \(signal)")
        case .scriptDropped(let path):
            self.init(.warning, "More than 256 scripts are waiting; the oldest is dropped: \(path)")
        case .simulatedCrash(.afterElection):
            self.init(
                .warning,
                "Failure simulation: this Sentinel will crash after being successfully elected as failover leader")
        case .simulatedCrash(.afterPromotion):
            self.init(
                .warning,
                "Failure simulation: this Sentinel will crash after promoting the selected replica to master")
        }
    }

    private init(_ severity: Severity, _ text: String) {
        self.severity = severity
        self.text = text
    }
}
