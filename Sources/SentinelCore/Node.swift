// SPDX-License-Identifier: Apache-2.0

/// What a data node says it is.
package enum Role: Hashable, Sendable {
    case master
    case replica
}

/// What is known of a data node from its INFO, master and replica alike.
///
/// - Source: spec/monitoring.md 7.
struct NodeInfo: Sendable {
    var receivedAt: Instant?
    /// When the request was sent whose reply is still owed.
    var askedAt: Instant?
    /// Earlier than the period asks for: something is expected to have changed.
    var wantedAt: Instant?
    /// The pause before `wantedAt` is set again; grows while nothing changes.
    var pause: Duration = .zero
    var runID: String?
    var role: Role
    var roleReportedAt: Instant
    /// The reply as it came, for INFO-CACHE.
    var text: [UInt8] = []

    init(role: Role, at now: Instant) {
        self.role = role
        roleReportedAt = now
    }

    /// The reply that is owed won't come, and what it would have said is wanted no less.
    mutating func forgetRequest(at now: Instant) {
        askedAt = nil
        wantedAt = now
    }

    /// When INFO is due, given the period; a reply that is owed is not asked for again within the period.
    func dueAt(period: Duration) -> Instant {
        if let askedAt { return askedAt + max(period, .seconds(1)) }
        guard let receivedAt else { return .start }
        let regular = (receivedAt + period).onGrid(of: period)
        return wantedAt.map { min($0, regular) } ?? regular
    }
}

/// The subjective view of one instance under one master: what master, replica and peer have in common.
struct Presence: Sendable {
    var address: NodeAddress
    var link: Link.ID
    /// Since when this sentinel holds it down, or `nil`.
    var sdownSince: Instant?
    /// When the latest down period began; stays after recovery.
    var lastDownAt: Instant?
    var helloDueAt: Instant
    /// SCRIPT KILL is sent once in a down period.
    var hasSentScriptKill = false

    init(address: NodeAddress, link: Link.ID, at now: Instant) {
        self.address = address
        self.link = link
        helloDueAt = now
    }

    var isSdown: Bool { sdownSince != nil }

    /// Sets the state; tells whether it changed.
    mutating func setSdown(_ isDown: Bool, at now: Instant) -> Bool {
        guard isSdown != isDown else { return false }
        sdownSince = isDown ? now : nil
        if isDown { lastDownAt = now } else { hasSentScriptKill = false }
        return true
    }
}
