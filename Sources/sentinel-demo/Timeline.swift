// SPDX-License-Identifier: Apache-2.0

import ClusterProcesses
import EventLoop

/// Lines of what happened, in milliseconds since something.
struct Timeline {
    private(set) var startedAt = MonotonicClock.now

    mutating func restart() { startedAt = MonotonicClock.now }

    var elapsedMilliseconds: UInt64 { (MonotonicClock.now - startedAt) / 1_000_000 }

    func add(_ who: String, _ what: String) {
        let time = Console.padded("+\(elapsedMilliseconds) ms", 11, onLeft: true)
        Console.line("\(Console.faint(time))  \(Console.padded(who, 11))  \(what)")
    }
}

/// Sentinels' events in words.
///
/// - Source: spec/monitoring.md 9.
struct EventWords {
    /// The name of the server or sentinel at a port or with a run ID.
    let name: (Substring) -> String

    /// What the event says, or `nil` for one that is of no interest here.
    func describe(_ event: String, _ words: [Substring]) -> String? {
        text(event, words).map { "\(Console.bold(Console.padded(event, 21))) \($0)" }
    }

    private func text(_ event: String, _ words: [Substring]) -> String? {
        let subject = words.count > 3 ? name(words[3]) : ""
        let isMaster = words.first == "master"
        switch event {
        case "+sdown": return isMaster ? "\(subject) does not answer me" : nil
        case "+odown":
            let count = words.last.map { $0.contains("/") ? " (\($0))" : "" } ?? ""
            return "enough of us agree: \(subject) is down\(count)"
        case "+try-failover": return "I stand for election"
        case "+vote-for-leader":
            guard words.count == 2 else { return nil }
            return "I vote for \(name(words[0])) in epoch \(words[1])"
        case "+elected-leader": return "I am elected and lead the failover"
        case "+selected-slave": return "\(subject) shall be the new master"
        case "+promoted-slave": return "\(subject) is a master now"
        case "+slave-reconf-sent": return "\(subject) is told to replicate from it"
        case "+slave-reconf-done": return "\(subject) replicates from it"
        case "+config-update-from": return words.count > 1 ? "heard from \(subject)" : nil
        case "+switch-master":
            guard words.count == 5 else { return nil }
            return Console.good("\(name(words[2])) → \(name(words[4]))")
        case "+convert-to-slave": return "\(subject) is told to be a replica"
        case "+tilt": return Console.bad("my clock or my process was held up; I do nothing for 30 s")
        case "+failover-end-for-timeout": return "not everybody was done in time"
        default: return event.hasPrefix("-failover-abort") ? Console.bad("I give this attempt up") : nil
        }
    }
}
