// SPDX-License-Identifier: Apache-2.0

// Scripts that operators hang on events: started a few at a time, in the order they were asked for, tried again with
// growing pauses when they ask for it, ended when they take too long. - Source: spec/monitoring.md 9a.

/// Names one script in the queue.
package struct ScriptID: Hashable, Sendable {
    package let number: UInt64
    package init(_ number: UInt64) { self.number = number }
}

/// What a script is run for; the words it gets are SentinelWire's.
package enum ScriptCall: Sendable, Equatable {
    case notification(Event)
    /// A master has moved; the leader of the failover says so before the switch, everybody else after it.
    case reconfiguration(MasterName, isLeader: Bool, from: Endpoint, to: Endpoint)
}

/// How a script ended.
package enum ScriptEnd: Sendable, Hashable {
    case exited(code: Int32)
    case killed(signal: Int32)
    /// The system had no room for another process.
    case notStarted
}

/// A script that waits or runs.
struct ScriptJob: Sendable {
    let id: ScriptID
    let path: String
    let call: ScriptCall
    var starts = 0
    var dueAt: Instant
    /// Since when it runs, or `nil` while it waits.
    var startedAt: Instant?
    var processID: Int32 = 0
    /// When it was last told to end.
    var killedAt: Instant?
}

/// The scripts that wait and run.
struct ScriptQueue: Sendable {
    static let capacity = 256
    static let parallel = 16
    static let attempts = 10

    var jobs: [ScriptJob] = []
    var wakeAt: Instant?
    /// Whether jobs are being dropped, which is logged once until there is ample room again.
    var isJammed = false
    private var made: UInt64 = 0

    var running: Int { jobs.count { $0.startedAt != nil } }

    func index(_ id: ScriptID) -> Int? { jobs.firstIndex { $0.id == id } }

    /// Adds a job; tells which one had to go for it.
    mutating func add(_ path: String, _ call: ScriptCall, at now: Instant) -> ScriptJob? {
        made += 1
        jobs.append(ScriptJob(id: ScriptID(made), path: path, call: call, dueAt: now))
        guard jobs.count > Self.capacity, let oldest = jobs.firstIndex(where: { $0.startedAt == nil }) else {
            return nil
        }
        return jobs.remove(at: oldest)
    }
}

extension Sentinel {
    mutating func runScript(_ path: String, _ call: ScriptCall, at now: Instant) {
        if let dropped = scripts.add(path, call, at: now) {
            counters.droppedScripts += 1
            if !scripts.isJammed { emitLog(.scriptDropped(dropped.path)) }
            scripts.isJammed = true
        } else if scripts.jobs.count < ScriptQueue.capacity / 2 {
            scripts.isJammed = false
        }
        wake(.scripts, at: now)
    }

    /// Runs the client-reconfig script of a group, if it has one.
    mutating func runReconfigScript(_ id: Master.ID, isLeader: Bool, from: Endpoint, to: Endpoint, at now: Instant) {
        guard let path = masters[id].clientReconfigScript else { return }
        runScript(path, .reconfiguration(masters[id].name, isLeader: isLeader, from: from, to: to), at: now)
    }

    /// Starts what may start, ends what takes too long, and has itself woken for the next.
    mutating func advanceScripts(at now: Instant) {
        var deadline: Instant?
        var room = ScriptQueue.parallel - scripts.running
        for index in scripts.jobs.indices {
            if let startedAt = scripts.jobs[index].startedAt {
                let due = (scripts.jobs[index].killedAt ?? startedAt) + timing.scriptMaxRuntime + .microseconds(1)
                if due <= now { end(index, at: now) } else { deadline = .earlier(deadline, due) }
            } else if scripts.jobs[index].dueAt > now {
                deadline = .earlier(deadline, scripts.jobs[index].dueAt)
            } else if room > 0 {
                room -= 1
                scripts.jobs[index].startedAt = now
                scripts.jobs[index].starts += 1
                scripts.jobs[index].killedAt = nil
                perform(.runScript(scripts.jobs[index].id, path: scripts.jobs[index].path, scripts.jobs[index].call))
                deadline = .earlier(deadline, now + timing.scriptMaxRuntime + .microseconds(1))
            }
        }
        if let deadline { wake(.scripts, at: deadline) }
    }

    private mutating func end(_ index: Int, at now: Instant) {
        emit(.scriptTimedOut(path: scripts.jobs[index].path, processID: scripts.jobs[index].processID))
        scripts.jobs[index].killedAt = now
        perform(.killScript(scripts.jobs[index].id))
    }

    mutating func scriptStarted(_ id: ScriptID, processID: Int32) {
        guard let index = scripts.index(id) else {
            counters.staleInputs += 1
            return
        }
        scripts.jobs[index].processID = processID
        emitLog(.scriptStarted(processID: processID))
    }

    mutating func scriptEnded(_ id: ScriptID, _ ending: ScriptEnd, at now: Instant) {
        guard let index = scripts.index(id) else {
            counters.staleInputs += 1
            return
        }
        let job = scripts.jobs[index]
        emitLog(.scriptEnded(processID: job.processID, ending))
        let isRetried: Bool
        switch ending {
        case .exited(code: 1), .killed, .notStarted: isRetried = job.starts < ScriptQueue.attempts
        case .exited: isRetried = false
        }
        if ending == .notStarted || (!isRetried && ending != .exited(code: 0)) {
            emit(.scriptFailed(path: job.path, ending))
        }
        if isRetried {
            // 30 s, 60 s, 2 min … 128 min.
            let pause = timing.scriptRetryDelay * (1 << min(job.starts - 1, 20))
            scripts.jobs[index].startedAt = nil
            scripts.jobs[index].processID = 0
            scripts.jobs[index].dueAt = now + pause
        } else {
            scripts.jobs.remove(at: index)
        }
        wake(.scripts, at: now)
    }
}
