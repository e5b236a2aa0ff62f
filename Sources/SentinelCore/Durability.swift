// SPDX-License-Identifier: Apache-2.0

// What must survive a restart is on disk before anybody hears of it. The core numbers each change (`Generation`), asks
// for it to be saved, and keeps what depends on it until it hears that it was. It keeps that itself, rather than have
// the shell hold back effects, because what happens to it when the disk refuses is a decision: a vote that could not be
// made durable is not told, a command is answered with an error, and a hello goes out all the same, since monitoring
// goes on. - Source: design.md 5.

/// Which state is on disk, and what waits for it.
struct Durability: Sendable {
    /// An answer that waits, and what is said instead if the state can't be saved.
    struct Waiting: Sendable {
        let generation: Generation
        let request: RequestID
        let answer: Response
        let otherwise: Response
    }

    /// The newest state.
    private(set) var latest = Generation.zero
    /// The newest epoch on disk.
    private(set) var savedEpoch: Epoch
    /// Epochs of states that are not on disk yet, oldest first.
    private var unsavedEpochs: [(generation: Generation, epoch: Epoch)] = []
    private(set) var saved = Generation.zero
    /// The newest state that an attempt to save has ended for, well or not.
    private var settled = Generation.zero
    /// Whether the last attempt to save failed.
    private(set) var isFailing = false
    /// Retries in a row that failed.
    private var failedRetries = 0
    /// When the newest state is tried again.
    private(set) var retryAt: Instant?
    private(set) var waiting: [Waiting] = []
    /// Events that tell of something that counts only once it is on disk, in their order.
    private var announcements: [(generation: Generation, event: Event)] = []
    /// The state that the input being handled leads to, once something in it changed: one input, one state to save.
    private var underWay: Generation?
    /// Groups to be looked at when a state is on disk, each once for every state.
    private var mastersWaiting: [Generation: Set<Master.ID>] = [:]
    /// The states they wait for, in order.
    private var awaited: [Generation] = []

    /// How long it took until a change was on disk, of late; rises at once and falls slowly.
    private(set) var delay = Duration.zero
    /// The change that is being timed.
    private var timed: (generation: Generation, at: Instant)?

    init(savedEpoch: Epoch) { self.savedEpoch = savedEpoch }

    /// Whether an attempt to save this state ended in failure; a later one may succeed.
    func hasLost(_ generation: Generation) -> Bool { !covers(generation) && generation <= settled }

    func covers(_ generation: Generation) -> Bool { generation <= saved }

    mutating func beginInput() { underWay = nil }

    /// Notes a change; `isNew` if it is the first of this input, so that the state has yet to be asked to be saved.
    mutating func advance(at now: Instant) -> (generation: Generation, isNew: Bool) {
        let isNew = underWay == nil
        if isNew { latest = Generation(latest.number + 1) }
        if timed == nil { timed = (latest, now) }
        underWay = latest
        return (latest, isNew)
    }

    /// Notes the epoch a state holds.
    mutating func note(_ epoch: Epoch, in generation: Generation) {
        guard epoch > unsavedEpochs.last?.epoch ?? savedEpoch else { return }
        // While the disk takes nothing, whoever tells of epochs must not fill the memory: the last ones count as one.
        if unsavedEpochs.count >= Self.mostUnsaved { unsavedEpochs.removeLast() }
        unsavedEpochs.append((generation, epoch))
    }

    /// Has a group looked at once the state of `generation` is on disk, or saving fails.
    mutating func hold(_ master: Master.ID, until generation: Generation) {
        if mastersWaiting[generation] == nil { awaited.append(generation) }
        mastersWaiting[generation, default: []].insert(master)
    }

    /// Returns the groups that waited for a state that is on disk by now, or all of them, in the order of their IDs.
    mutating func takeMastersWaiting(all: Bool) -> [Master.ID] {
        guard !awaited.isEmpty else { return [] }
        let saved = saved
        var taken: Set<Master.ID> = []
        awaited.removeAll { generation in
            guard all || generation <= saved else { return false }
            taken.formUnion(mastersWaiting.removeValue(forKey: generation) ?? [])
            return true
        }
        return taken.sorted()
    }

    mutating func hold(_ answer: Waiting) { waiting.append(answer) }

    mutating func hold(_ event: Event, until generation: Generation) {
        // While the disk takes nothing, whoever asks for votes must not fill the memory.
        if announcements.count >= Self.mostUnsaved { announcements.removeFirst() }
        announcements.append((generation, event))
    }

    static let mostUnsaved = 100

    /// Returns the events that may be told now. One whose state could not be saved waits for a later attempt.
    mutating func takeAnnouncements() -> [Event] {
        guard !announcements.isEmpty else { return [] }
        let saved = saved
        let taken = announcements.filter { $0.generation <= saved }.map(\.event)
        announcements.removeAll { $0.generation <= saved }
        return taken
    }

    /// Returns what waited for this state.
    mutating func noteSaved(_ generation: Generation, at now: Instant) -> [Waiting] {
        saved = max(saved, generation)
        if let timed, timed.generation <= saved {
            delay = max(now - timed.at, (delay * 3 + (now - timed.at)) / 4)
            self.timed = nil
        }
        settled = max(settled, generation)
        let known = unsavedEpochs.prefix { $0.generation <= saved }
        if let newest = known.last?.epoch { savedEpoch = newest }
        unsavedEpochs.removeFirst(known.count)
        if saved == latest {
            isFailing = false
            failedRetries = 0
            retryAt = nil
        }
        return takeWaiting(upTo: saved)
    }

    /// Returns what waited for this state or an earlier one and won't get it now.
    mutating func noteFailed(_ generation: Generation) -> [Waiting] {
        isFailing = true
        timed = nil
        settled = max(settled, generation)
        return takeWaiting(upTo: generation)
    }

    /// Sets the next retry unless there is one already: the pause doubles from `first` up to `longest`.
    mutating func scheduleRetry(at now: Instant, first: Duration, longest: Duration) -> Instant? {
        guard retryAt == nil else { return nil }
        let pause = min(longest, first * (1 << min(failedRetries, 16)))
        failedRetries += 1
        retryAt = now + pause
        return retryAt
    }

    /// Whether it is time for the retry; it counts as begun then.
    mutating func takeRetry(at now: Instant) -> Bool {
        guard let at = retryAt, at <= now else { return false }
        retryAt = nil
        return isFailing && !covers(latest)
    }

    private mutating func takeWaiting(upTo generation: Generation) -> [Waiting] {
        let taken = waiting.filter { $0.generation <= generation }
        waiting.removeAll { $0.generation <= generation }
        return taken
    }
}

extension Sentinel {
    /// Asks for the state of now to be saved.
    @discardableResult
    mutating func persist() -> Generation {
        let (generation, isNew) = durability.advance(at: inputAt)
        durability.note(currentEpoch, in: generation)
        if isNew { perform(.persist(generation)) }
        return generation
    }

    /// Answers once the state of `generation` is on disk.
    mutating func answer(
        _ request: RequestID, _ answer: Response, once generation: Generation, otherwise: Response
    ) {
        if durability.covers(generation) { return perform(.answer(request, answer)) }
        // Whoever asks again for what was lost is not kept waiting for a retry: all that he asks behind it would wait
        // too.
        if durability.hasLost(generation) { return perform(.answer(request, otherwise)) }
        durability.hold(
            Durability.Waiting(generation: generation, request: request, answer: answer, otherwise: otherwise))
    }

    /// Tells of `event` once the state of `generation` is on disk.
    mutating func emit(_ event: Event, once generation: Generation) {
        if durability.covers(generation) { return emit(event) }
        durability.hold(event, until: generation)
    }

    mutating func persisted(_ generation: Generation, at now: Instant) {
        let wasFailing = durability.isFailing
        let ready = durability.noteSaved(generation, at: now)
        if wasFailing, !durability.isFailing { emit(.stateSavedAgain) }
        for event in durability.takeAnnouncements() { emit(event) }
        for ready in ready { perform(.answer(ready.request, ready.answer)) }
        releaseMastersWaiting(at: now)
    }

    mutating func persistFailed(_ generation: Generation, at now: Instant) {
        counters.failedSaves += 1
        let wasFailing = durability.isFailing
        for lost in durability.noteFailed(generation) { perform(.answer(lost.request, lost.otherwise)) }
        if !wasFailing { emit(.stateNotSaved) }
        releaseMastersWaiting(at: now)
        let retryAt = durability.scheduleRetry(
            at: now, first: timing.persistRetryPeriod, longest: timing.longestPersistRetryPeriod)
        if let retryAt { wake(.persistence, at: retryAt) }
    }

    mutating func retryPersisting(at now: Instant) {
        guard durability.takeRetry(at: now) else { return }
        perform(.persist(durability.latest))
    }

    private mutating func releaseMastersWaiting(at now: Instant) {
        for id in durability.takeMastersWaiting(all: durability.isFailing) where masters.contains(id) {
            touch(.master(id), at: now)
        }
    }
}
