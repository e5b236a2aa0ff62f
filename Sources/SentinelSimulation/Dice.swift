// SPDX-License-Identifier: Apache-2.0

import SentinelCore

/// The only source of chance in a run.
struct Dice {
    private var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

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
