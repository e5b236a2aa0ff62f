// SPDX-License-Identifier: Apache-2.0

/// Which of the two programs something was measured on.
enum Subject: String, CaseIterable {
    case ours, original
}

/// What was measured of one thing, on each program, as often as it was.
struct Measure {
    let name: String
    /// Such as `ms`; empty for plain counts.
    let unit: String
    private(set) var samples: [Subject: [Double]] = [:]
    /// What the project wants to reach; `nil` where nothing was set.
    var reach: Reach?

    /// An upper bound of our median, and of our worst.
    struct Reach {
        var median: Double?
        var maximum: Double?
        /// An upper bound of the ratio of medians.
        var ratio: Double?
    }

    init(_ name: String, _ unit: String, reach: Reach? = nil) {
        self.name = name
        self.unit = unit
        self.reach = reach
    }

    mutating func add(_ sample: Double?, of subject: Subject) {
        if let sample { samples[subject, default: []].append(sample) }
    }

    func summary(of subject: Subject) -> Summary? { samples[subject].flatMap { Summary($0) } }

    /// Our median divided by the original's.
    var ratio: Double? {
        guard let ours = summary(of: .ours), let original = summary(of: .original), original.median != 0 else {
            return nil
        }
        return ours.median / original.median
    }
}

/// Samples in order.
struct Summary {
    private let sorted: [Double]

    /// - Returns: `nil` without samples.
    init?(_ samples: [Double]) {
        guard !samples.isEmpty else { return nil }
        sorted = samples.sorted()
    }

    var count: Int { sorted.count }
    var minimum: Double { sorted[0] }
    var maximum: Double { sorted[sorted.count - 1] }

    /// The middle one, or the mean of the two in the middle.
    var median: Double { (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2 }

    /// The smallest sample that at least this share of all are not above; from 0 to 1.
    func percentile(_ share: Double) -> Double {
        let rank = Int((share * Double(sorted.count)).rounded(.up)) - 1
        return sorted[max(0, min(sorted.count - 1, rank))]
    }
}
