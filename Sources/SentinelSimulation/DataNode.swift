// SPDX-License-Identifier: Apache-2.0

// A Redis server as far as a sentinel and a client can tell: a role, a history of writes with a replication ID, a link
// to a master that comes and goes, partial and full resynchronisation, loading after a restart, and a configuration
// file that remembers whom it follows.

import SentinelCore
import SentinelWire

/// A simulated data node.
final class DataNode {
    let host: Int
    var group: Int
    /// Its machine's, wherever that is.
    let name: String
    /// Where it is.
    var endpoint: Endpoint
    /// What it calls itself towards its master instead of its address.
    let announcedHost: String?
    let priority: Int
    var runID: RunID
    var life = 0
    /// How often it went down, so that a planned start belongs to one of them.
    var crashes = 0
    var isRunning = true
    /// Its whole machine is off: nobody refuses connections.
    var isUnplugged = false
    var isPaused = false
    var inbox: [(Wire, Request)] = []
    var loadingUntil = Instant.start
    /// What it answers to HELLO in this life.
    private(set) var answersHello = HelloAnswer.refusal
    private var versions: Dice?
    /// Connections that have subscribed.
    var subscribers: [Wire] = []

    /// Whom it follows; `nil` for a master.
    private(set) var follows: Endpoint?
    /// Writes it holds, oldest first, and whose history they are.
    private(set) var log: [Int32] = []
    private(set) var history: UInt64
    /// The history it was on before it was promoted, and how far that goes.
    private var formerHistory: (id: UInt64, end: Int)?
    private(set) var isLinkUp = false
    private var linkDownSince: Instant
    /// How long it has been without its master.
    func linkDownFor(_ now: Instant) -> Duration { isMaster || isLinkUp ? .zero : now - linkDownSince }
    private var unreachableSince: Instant?
    private var syncsUntil: Instant?

    /// How it takes HELLO 3; in `deafness` something on the way drops what a server says unasked.
    enum HelloAnswer { case refusal, agreement, deafness }

    /// - Parameter versions: Draws whether it speaks RESP3, anew in each life; `nil` for never.
    init(
        host: Int, group: Int, name: String, endpoint: Endpoint, announcedHost: String?, priority: Int, runID: RunID,
        follows: Endpoint?, history: UInt64, versions: Dice?
    ) {
        self.versions = versions
        self.host = host
        self.group = group
        self.name = name
        self.endpoint = endpoint
        self.announcedHost = announcedHost
        self.priority = priority
        self.runID = runID
        self.follows = follows
        self.history = history
        isLinkUp = follows != nil
        linkDownSince = .start
        changeVersion()
    }

    private func changeVersion() {
        guard let drawn = versions?.number(1...20) else { return }
        answersHello = drawn <= 4 ? .refusal : drawn == 20 ? .deafness : .agreement
    }

    var isMaster: Bool { follows == nil }
    func isLoading(at now: Instant) -> Bool { now < loadingUntil }

    // MARK: Replication

    func follow(_ master: Endpoint?, newHistory: UInt64, at now: Instant) {
        guard master != follows else { return }
        if master == nil {
            formerHistory = (history, log.count)
            history = newHistory
        }
        follows = master
        isLinkUp = false
        syncsUntil = nil
        linkDownSince = now
        unreachableSince = nil
    }

    func append(_ write: Int32) { log.append(write) }

    /// Begins another life, from disk or with nothing.
    func restart(runID: RunID, keepsData: Bool, newHistory: UInt64, at now: Instant) {
        life += 1
        self.runID = runID
        changeVersion()
        isRunning = true
        isUnplugged = false
        isPaused = false
        inbox = []
        subscribers = []
        if !keepsData { log = [] }
        if isMaster || !keepsData {
            history = newHistory
            formerHistory = nil
        }
        dropLink(at: now)
    }

    func dropLink(at now: Instant) {
        if isLinkUp { linkDownSince = now }
        isLinkUp = false
        syncsUntil = nil
    }

    /// Takes what the master has, or notices that it is gone.
    ///
    /// - Parameters:
    ///   - master: Whoever is at the address it follows and answers, or `nil`.
    ///   - isRefused: Whether the connection was refused rather than silent.
    func pull(from master: DataNode?, isRefused: Bool, syncTime: Duration, at now: Instant) {
        guard let master, !master.isLoading(at: now), master.isMaster || master.isLinkUp else {
            syncsUntil = nil
            if isRefused { return dropLink(at: now) }
            let since = unreachableSince ?? now
            unreachableSince = since
            if now - since > .seconds(5) { dropLink(at: now) }
            return
        }
        unreachableSince = nil
        if canContinue(master) {
            syncsUntil = nil
        } else {
            if isLinkUp { dropLink(at: now) }
            guard let syncsUntil else {
                self.syncsUntil = now + syncTime
                return
            }
            guard syncsUntil <= now else { return }
            self.syncsUntil = nil
        }
        log = master.log
        history = master.history
        isLinkUp = true
    }

    private func canContinue(_ master: DataNode) -> Bool {
        if history == master.history { return log.count <= master.log.count }
        guard let former = master.formerHistory else { return false }
        return history == former.id && log.count <= former.end
    }

    // MARK: INFO

    /// The lines of INFO that sentinels read, among some that they don't.
    func infoText(replicas: [DataNode], at now: Instant) -> [UInt8] {
        var text = "# Server\r\nredis_version:7.0.15\r\nrun_id:\(runID)\r\ntcp_port:\(endpoint.port)\r\n"
        text += "# Replication\r\n"
        if let follows {
            text += "role:slave\r\nmaster_host:\(follows.host)\r\nmaster_port:\(follows.port)\r\n"
            text += "master_link_status:\(isLinkUp ? "up" : "down")\r\nslave_repl_offset:\(log.count * 100)\r\n"
            if !isLinkUp {
                text += "master_link_down_since_seconds:\((now - linkDownSince).components.seconds)\r\n"
            }
            text += "slave_priority:\(priority)\r\nreplica_announced:1\r\n"
        } else {
            text += "role:master\r\n"
        }
        text += "connected_slaves:\(replicas.count)\r\n"
        for (index, replica) in replicas.enumerated() {
            let (host, port) = (replica.announcedHost ?? replica.endpoint.host, replica.endpoint.port)
            text += "slave\(index):ip=\(host),port=\(port),state=online,offset=\(replica.log.count * 100),lag=0\r\n"
        }
        text += "master_repl_offset:\(log.count * 100)\r\n"
        return Array(text.utf8)
    }
}

/// Somebody who asks sentinels where the master is and writes there.
final class Client {
    let host: Int
    let group: Int

    init(host: Int, group: Int) {
        self.host = host
        self.group = group
    }
}
