// SPDX-License-Identifier: Apache-2.0

/// What INFO counts at the client port.
struct Traffic {
    var connections = 0
    var rejected = 0
    var commands = Rate()
    var errors = 0
    var reads = 0
    var writes = 0
    var inputBytes = Rate()
    var outputBytes = Rate()
    var inputLimitDisconnections = 0
    var outputLimitDisconnections = 0
    var deniedLogins = 0
    var deniedCommands = 0
    var deniedChannels = 0
}

/// A count, and how fast it has grown of late.
struct Rate {
    private(set) var total = 0
    /// The second the last addition fell into, on the monotonic clock.
    private var second: UInt64 = 0
    private var inSecond = 0
    private var inSecondBefore = 0

    /// - Parameter now: Nanoseconds on the monotonic clock; one that is over counts for the second under way.
    mutating func add(_ count: Int, at now: UInt64) {
        let current = now / 1_000_000_000
        if current > second {
            inSecondBefore = current == second + 1 ? inSecond : 0
            inSecond = 0
            second = current
        }
        total += count
        inSecond += count
    }

    /// How much was added in the last whole second.
    func perSecond(at now: UInt64) -> Int {
        switch now / 1_000_000_000 {
        case second: inSecondBefore
        case second + 1: inSecond
        default: 0
        }
    }
}
