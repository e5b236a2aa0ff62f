// SPDX-License-Identifier: Apache-2.0

// Names of hosts, where `resolve-hostnames` allows them. What one stands for is asked of the shell (`.resolve`) and
// heard later (`.resolved`); nothing here waits for it but what needs it.
//
// 1. An input that mentions a name nobody has asked about is put aside and taken up again with the answer.
// 2. A name that resolved is taken for what it last stood for, and asked about again once that is old; the sooner while
//    the answer was not given again. It stays so while it does not resolve: "does not resolve" means unknown, never
//    "different", and of a first answer, for long enough, that it is the same.
// 3. A link asks about its name whenever its connection ends. If the name stands for other addresses by then, it goes
//    there; if for several, the next is tried after one that could not be reached, and the one that answered is kept.
// 4. An answer that has a name stand where another node is known to be is believed only when it has been given for a
//    while: taken at its word, a resolver that is wrong for a moment would have one group's sentinels give orders to the
//    nodes of another. Whoever is at an address that was told once gets no orders that can wait.
// 5. A connection that works is left for an address that its name has been given for a while, as soon as somebody can be
//    connected there: names lead to the right place in the end, whatever was believed before. Where that is where it
//    was confirmed to lead before, and the connection is where it led since by mistake, that is not waited for.
//
// The original asks the system inside its loop and takes the first address. - Source: spec/monitoring.md 9b;
// spec/defects.md 24, 25, 27, 29; design.md 7.

/// What names are known to stand for.
struct Names: Sendable {
    /// What is taken up again when an answer is there.
    enum Waiting: Sendable, Equatable {
        case hello(Hello)
        case command(RequestID, Command)
        /// The node's INFO, which is asked for again.
        case info(Link.ID)
    }

    private struct Entry: Sendable {
        /// The last good answer, in order of preference; empty if there was none.
        var addresses: [String] = []
        /// When the last answer came, good or not.
        var answeredAt: Instant?
        var isFailing = false
        /// When the last good answer was asked for.
        var givenAt: Instant?
        /// When it became another one altogether or there was a first, until the same answer a while later confirms it.
        var changedAt: Instant?
        var isFirst = true
        /// An answer that is not believed yet, and since when it has been the same.
        var doubted: (addresses: [String], since: Instant)?
        var isAsked = false
        /// Whether a link had it when it was asked about last.
        var isInUse = false
        /// When it was asked about last: what an answer says was true then, however late it comes.
        var askedAt: Instant?
        var waiting: [Waiting] = []

        /// How old the last answer may become before it is asked for again. One that was not given again a while later
        /// is asked for more often: of answers that are wrong now and then, one is right.
        var freshness: Duration { changedAt == nil ? Names.freshFor : Names.unconfirmedFor }

        mutating func distrustTime(at now: Instant) {
            if changedAt != nil { changedAt = now }
            doubted?.since = now
        }

        /// Whether nobody answered what was asked so long after the last good answer that it counts as given again.
        ///
        /// Where another one was given before, silence does not tell which of the two was the wrong one.
        func isConfirmedBySilence(askedAt: Instant) -> Bool {
            guard isFirst, doubted == nil, let changed = changedAt else { return false }
            return askedAt - max(givenAt ?? changed, changed) >= Names.silentFor
        }

        mutating func noteChange(to new: [String], askedAt: Instant, at now: Instant) {
            if !new.contains(where: addresses.contains) {
                isFirst = addresses.isEmpty
                changedAt = now
            } else if let changed = changedAt, askedAt - changed >= Names.doubtFor {
                changedAt = nil
            }
        }
    }

    /// Names remembered, and inputs put aside for each: more than any deployment has, less than a flood.
    private static let capacity = 4096
    private static let patience = 256
    private static let freshFor = Duration.seconds(10)
    private static let unconfirmedFor = Duration.milliseconds(1500)
    /// How long an answer that leads to another node has to stay the same to be believed.
    static let doubtFor = Duration.seconds(10)
    /// How long nobody has to answer for a first answer to count as given again: a resolver that is ill for long is
    /// more likely than one that was wrong just before.
    private static let silentFor = Duration.seconds(20)

    /// What is in use is asked about more often.
    private static let unusedAfter = Duration.seconds(30)

    /// By name in lower case.
    private var entries: [String: Entry] = [:]

    /// The last good answer.
    func addresses(of host: String) -> [String] { entries[host.lowercased()]?.addresses ?? [] }

    /// Whether a name stands for another address than before, and that has not been said again a while later.
    func isChangeNew(_ host: String) -> Bool {
        entries[host.lowercased()].map { $0.changedAt != nil && !$0.isFirst } ?? false
    }

    /// When a name was asked about last.
    func askedAt(_ host: String) -> Instant? { entries[host.lowercased()]?.askedAt }

    /// Whether a name was asked about and has no address that is known.
    func isWithoutAddress(_ host: String) -> Bool {
        entries[host.lowercased()].map { $0.answeredAt != nil && $0.addresses.isEmpty } ?? false
    }

    /// Whether the last good answer is not believed yet.
    func isDoubted(_ host: String) -> Bool { entries[host.lowercased()]?.doubted != nil }

    /// Whether an answer leads to `ip` that is not believed yet.
    func isDisputed(_ ip: String) -> Bool { entries.values.contains { $0.doubted?.addresses.contains(ip) ?? false } }

    /// Whether what a name stands for was said once and again a while later.
    func isConfirmed(_ host: String) -> Bool { entries[host.lowercased()].map { $0.changedAt == nil } ?? false }

    /// How old an answer about a name may become before it is asked about again.
    func freshness(of host: String) -> Duration { entries[host.lowercased()]?.freshness ?? Self.unconfirmedFor }

    /// Whether `host` is to be asked about now; if so it is noted as asked.
    ///
    /// - Parameter inUse: The names that links have. Those that are merely mentioned give way to them, and to each
    ///   other.
    mutating func shouldAsk(
        _ host: String, inUse: LinkDirectory, isUrgent: Bool, spacing: Duration, at now: Instant
    ) -> Bool {
        let key = host.lowercased()
        if entries[key] == nil, entries.count >= Self.capacity {
            entries = entries.filter { $0.value.isAsked || inUse.has($0.key) }
            guard entries.count < Self.capacity || inUse.has(key) else { return false }
        }
        let entry = entries[key, default: Entry()]
        let age = entry.answeredAt.map { now - $0 }
        let limit = isUrgent || entry.isFailing ? spacing : entry.freshness
        guard !entry.isAsked, age.map({ $0 >= limit }) ?? true else { return false }
        entries[key, default: entry].isAsked = true
        entries[key]?.askedAt = now
        entries[key]?.isInUse = inUse.has(key)
        return true
    }

    /// Whether there is an answer to go by, if only that there is no address.
    ///
    /// - Parameter mustBeFresh: Whether one won't do that is old enough to be asked for again.
    func isKnown(_ host: String, mustBeFresh: Bool, spacing: Duration, at now: Instant) -> Bool {
        guard let entry = entries[host.lowercased()], let answeredAt = entry.answeredAt else { return false }
        guard !mustBeFresh || now - answeredAt < Self.freshFor else { return false }
        return !entry.addresses.isEmpty || now - answeredAt < spacing
    }

    /// Puts `waiting` aside until an answer comes; tells whether one will.
    mutating func put(_ waiting: Waiting, asideFor host: String) -> Bool {
        let key = host.lowercased()
        guard let entry = entries[key], entry.isAsked, entry.waiting.count < Self.patience else { return false }
        if !entry.waiting.contains(waiting) { entries[key]?.waiting.append(waiting) }
        return true
    }

    /// The ports at a name that inputs put aside for it are about.
    func portsWaitedFor(at host: String) -> Set<UInt16> {
        let key = host.lowercased()
        var ports: Set<UInt16> = []
        for waiting in entries[key]?.waiting ?? [] {
            switch waiting {
            case .hello(let hello):
                for endpoint in [hello.sender, hello.master] where endpoint.host.lowercased() == key {
                    ports.insert(endpoint.port)
                }
            case .command(_, .isMasterDown(let endpoint, _, _)): ports.insert(endpoint.port)
            case .command, .info: break
            }
        }
        return ports
    }

    /// Takes an answer in; tells whether the name has ceased to resolve with it, and what waited for it.
    ///
    /// - Parameter isDoubtful: Whether it leads to where another node is known to be.
    /// - Parameter isShared: Whether the answer that is believed leads to where another node is known to be.
    mutating func answer(
        _ host: String, _ addresses: [String], isDoubtful: Bool, isShared: Bool, at now: Instant
    ) -> (isNewlyLost: Bool, [Waiting]) {
        let key = host.lowercased()
        var entry = entries[key, default: Entry()]
        let isNewlyLost = addresses.isEmpty && !entry.isFailing
        let askedAt = entry.askedAt ?? now
        if addresses.isEmpty {
            // Nor does it tell which of two names is led astray that were answered with the same.
            if !isShared, entry.isConfirmedBySilence(askedAt: askedAt), !entry.addresses.contains(where: isDisputed) {
                entry.changedAt = nil
            }
        } else {
            // One that nobody has asked about for long is no change of anything in use.
            if !entry.isInUse, let answeredAt = entry.answeredAt, now - answeredAt > Self.unusedAfter {
                entry.addresses = []
                entry.doubted = nil
            }
            // The same ones in another order are the same answer.
            let before = entry.doubted.flatMap { Set($0.addresses) == Set(addresses) ? $0 : nil }
            let since = before?.since ?? now
            // What is merely mentioned is doubted on account of what mentioned it, which need not be so every time.
            let isDoubtful = isDoubtful || !entry.isInUse && before != nil
            entry.doubted = isDoubtful && askedAt - since < Self.doubtFor ? (addresses, since) : nil
            entry.givenAt = askedAt
            if entry.doubted == nil {
                entry.noteChange(to: addresses, askedAt: askedAt, at: now)
                entry.addresses = addresses
            }
        }
        // What is doubted is asked about again as soon as what fails.
        entry.isFailing = addresses.isEmpty || entry.doubted != nil
        entry.answeredAt = now
        entry.isAsked = false
        let waiting = entry.waiting
        entry.waiting = []
        entries[key] = entry
        return (isNewlyLost, waiting)
    }

    /// Time was not measured since: whatever waits to be said again a while later waits anew.
    mutating func distrustTime(at now: Instant) {
        for key in entries.keys { entries[key]?.distrustTime(at: now) }
    }
}
