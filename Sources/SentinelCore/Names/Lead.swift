// SPDX-License-Identifier: Apache-2.0

/// What a link knows of the address that its name led it to.
struct Lead: Sendable {
    /// When it was found.
    private var since: Instant
    /// Whether the name was said to stand for it a while later, too, or nothing else for long.
    private(set) var isConfirmed = false
    /// Whether it was said, which silence does not do: a number that takes the place of its name is never asked about
    /// again.
    private var isSaidAgain = false
    /// Whether somebody could be connected there.
    private(set) var isReached = false
    /// Whether it is what is told: the first there was, or one where somebody could be connected.
    private(set) var isTold = true
    /// Whether what was told before, and is while this is not, was proven.
    private let wasToldProven: Bool
    /// Whether what is told was said again a while later, and somebody is there: enough to forget the name for it.
    var isToldProven: Bool { isTold ? isSaidAgain && isReached : wasToldProven }
    /// The first replica that can have been heard of there, if nothing was known of the address before.
    private var firstReplica: ReplicaID?
    /// The first replica that can have been heard of where an answer led before that was never confirmed.
    private var doubtfulFrom: ReplicaID?
    /// The last address before this one that was confirmed.
    let lastConfirmed: String?

    /// The first replica that can have been heard of where no answer that was confirmed has led.
    private var unconfirmedFrom: ReplicaID? { doubtfulFrom ?? (isConfirmed ? nil : firstReplica) }

    /// Whether there may be such as were heard of where an answer led before that was never confirmed.
    var hasDoubt: Bool { doubtfulFrom != nil }

    /// Whether a replica can have been heard of where an answer led before that was never confirmed.
    func isDoubtful(_ replica: ReplicaID) -> Bool {
        guard let doubtfulFrom else { return false }
        return replica >= doubtfulFrom && firstReplica.map { replica < $0 } ?? true
    }

    /// Whether a replica can have been heard of where no answer that was confirmed has led.
    func isUnconfirmed(_ replica: ReplicaID) -> Bool { unconfirmedFrom.map { replica >= $0 } ?? false }

    init(since: Instant) {
        self.since = since
        firstReplica = nil
        lastConfirmed = nil
        wasToldProven = false
    }

    /// Another address, where nobody has answered yet.
    ///
    /// - Parameter address: The one before; `nil` if it is no mistake to be here.
    init(since: Instant, after former: Lead, at address: String?, firstReplica: ReplicaID) {
        self.since = since
        self.firstReplica = firstReplica
        doubtfulFrom = former.isConfirmed ? nil : former.unconfirmedFrom
        isTold = false
        lastConfirmed = former.isConfirmed ? address : address.flatMap { _ in former.lastConfirmed }
        wasToldProven = former.isToldProven
    }

    /// Replicas from `first` on are heard of where the name was answered once.
    mutating func doubtReplicas(from first: ReplicaID) { firstReplica = first }

    /// It is what is told from now on.
    mutating func tell(isReached: Bool) {
        isTold = true
        self.isReached = self.isReached || isReached
    }

    /// The name goes on standing for it, by what was asked at `askedAt`.
    ///
    /// - Parameter isAnswered: Whether that was said, and not only nothing else for long.
    mutating func heardAgain(askedAt: Instant, isAnswered: Bool) {
        guard askedAt - since >= Names.doubtFor else { return }
        isConfirmed = true
        isSaidAgain = isSaidAgain || isAnswered
    }

    /// Whether it was never confirmed, and the one before that was is among `addresses`.
    func isAstray(from addresses: [String]) -> Bool {
        !isConfirmed && (lastConfirmed.map(addresses.contains) ?? false)
    }

    /// What was doubtful is forgotten.
    mutating func endDoubt() { doubtfulFrom = nil }

    /// Time was not measured, or the name was said to stand for another: what is not confirmed yet begins anew.
    mutating func beginAnew(at now: Instant) { if !isConfirmed { since = now } }
}
