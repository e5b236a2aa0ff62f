// SPDX-License-Identifier: Apache-2.0

/// One of the times that a fault strikes; the first is number 1.
package struct Strike: Sendable, Hashable, Comparable {
    package let fault: Fault
    package let number: Int

    package static func < (left: Strike, right: Strike) -> Bool {
        (left.fault.rawValue, left.number) < (right.fault.rawValue, right.number)
    }
}

/// What is left out of a schedule; the seed and this make a run.
///
/// As text: words with commas between, each a fault (`oldHello`), one strike of it (`oldHello#3`), a trait (`scripts`),
/// a group (`group=2`), or a limit: `nodes=2` in each group, `sentinels=3`, `faults=12000` milliseconds.
package struct Reduction: Sendable, Equatable {
    package var faults: Set<Fault> = []
    package var strikes: Set<Strike> = []
    package var traits: Set<Trait> = []
    package var groups: Set<Int> = []
    package var nodes: Int?
    package var sentinels: Int?
    package var faultMilliseconds: Int?

    package init() {}

    package init?(text: String) {
        for word in text.split(separator: ",") {
            guard read(word) else { return nil }
        }
    }

    private mutating func read(_ word: Substring) -> Bool {
        if let fault = Fault(name: word) {
            faults.insert(fault)
        } else if let trait = Trait.allCases.first(where: { "\($0)" == word }) {
            traits.insert(trait)
        } else if let mark = word.firstIndex(of: "#") {
            guard let fault = Fault(name: word[..<mark]), let number = Int(word[word.index(after: mark)...]) else {
                return false
            }
            strikes.insert(Strike(fault: fault, number: number))
        } else if let mark = word.firstIndex(of: "="), let number = Int(word[word.index(after: mark)...]), number >= 0 {
            switch word[..<mark] {
            case "group": groups.insert(number)
            case "nodes": nodes = number
            case "sentinels": sentinels = number
            case "faults": faultMilliseconds = number
            default: return false
            }
        } else {
            return false
        }
        return true
    }

    package var text: String {
        var words = faults.sorted { $0.rawValue < $1.rawValue }.map { "\($0)" }
        words += strikes.sorted().map { "\($0.fault)#\($0.number)" }
        words += Trait.allCases.filter(traits.contains).map { "\($0)" }
        words += groups.sorted().map { "group=\($0)" }
        if let nodes { words.append("nodes=\(nodes)") }
        if let sentinels { words.append("sentinels=\(sentinels)") }
        if let faultMilliseconds { words.append("faults=\(faultMilliseconds)") }
        return words.joined(separator: ",")
    }
}

extension Fault {
    fileprivate init?(name: Substring) {
        guard let fault = Fault.allCases.first(where: { "\($0)" == name }) else { return nil }
        self = fault
    }
}
