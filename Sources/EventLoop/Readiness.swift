// SPDX-License-Identifier: Apache-2.0

/// What a descriptor is ready for, or what its owner wants to hear of.
nonisolated struct Readiness: OptionSet, Sendable {
    let rawValue: UInt8

    static let readable = Readiness(rawValue: 1)
    static let writable = Readiness(rawValue: 2)
    /// An error or the end in both directions; reported unasked while there is interest in anything else.
    static let hungUp = Readiness(rawValue: 4)

    init(rawValue: UInt8) { self.rawValue = rawValue }

    init(readable: Bool, writable: Bool) { rawValue = (readable ? 1 : 0) | (writable ? 2 : 0) }
}

/// The owner of a descriptor that a `Poller` watches.
protocol PollerClient: AnyObject {
    /// Called on the main queue, again and again for as long as the descriptor stays ready.
    func descriptorIsReady(_ readiness: Readiness)
}
