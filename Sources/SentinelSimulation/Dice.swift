// SPDX-License-Identifier: Apache-2.0

import SentinelCore

/// The only source of chance in a run.
struct Dice {
    private var generator: SeededGenerator

    /// Streams of one seed are independent: leaving out what one of them decides leaves the others as they were, so
    /// that a schedule can be made smaller.
    init(seed: UInt64, stream: Stream) {
        var mixer = SeededGenerator(seed: seed ^ (stream.number &* 0xA24B_AED4_963E_E407))
        generator = SeededGenerator(seed: mixer.next())
    }

    /// What a stream of choices is for.
    enum Stream {
        case schedule, course, wiring, dwelling
        case node(group: Int, index: Int)
        case versions(group: Int, index: Int)
        case sentinel(Int)
        case strike(Strike)

        fileprivate var number: UInt64 {
            switch self {
            case .schedule: 1
            case .course: 2
            case .wiring: 3
            case .versions(let group, let index): 4 << 32 | UInt64(group) << 16 | UInt64(index)
            case .dwelling: 6
            case .node(let group, let index): 1 << 32 | UInt64(group) << 16 | UInt64(index)
            case .sentinel(let number): 2 << 32 | UInt64(number)
            case .strike(let strike): 3 << 32 | UInt64(strike.fault.rawValue) << 40 | UInt64(strike.number)
            }
        }
    }

    mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
    mutating func chance(_ probability: Double) -> Bool { Double.random(in: 0..<1, using: &generator) < probability }
    mutating func pick<Value>(_ values: [Value]) -> Value { values[number(0...(values.count - 1))] }
    mutating func seed() -> UInt64 { generator.next() }
    mutating func microseconds(_ range: ClosedRange<Int>) -> Duration { .microseconds(number(range)) }
    mutating func milliseconds(_ range: ClosedRange<Int>) -> Duration { .microseconds(number(range) * 1000) }
    mutating func runID() -> RunID { RunID(using: &generator) }

    /// A time around `mean`, from a twentieth to twice of it.
    mutating func around(_ mean: Duration) -> Duration { mean * number(5...200) / 100 }
}
