// SPDX-License-Identifier: Apache-2.0

/// An event line of a sentinel's log, such as `+sdown master mymaster 127.0.0.1 6379`.
struct LoggedEvent: Equatable, CustomStringConvertible {
    let name: String
    let payload: String
    var description: String { "\(name) \(payload)" }
}

extension Server {
    /// The texts of a sentinel's log lines, over all its lives.
    ///
    /// - Source: spec/config-and-process.md 6: `<pid>:X <day> <month> <year> <time> <level> <text>`.
    func logTexts() -> [String] {
        process.log().split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ", maxSplits: 6, omittingEmptySubsequences: false)
            return fields.count == 7 && fields[0].hasSuffix(":X") ? String(fields[6]) : nil
        }
    }

}

extension SentinelServer {
    /// The events in its log after the first `skipped` ones.
    func events(after skipped: Int = 0) -> [LoggedEvent] {
        let events = logTexts().compactMap { text -> LoggedEvent? in
            guard let sign = text.first, sign == "+" || sign == "-" else { return nil }
            let words = text.split(separator: " ", maxSplits: 1)
            return LoggedEvent(name: String(words[0]), payload: words.count > 1 ? String(words[1]) : "")
        }
        return Array(events.dropFirst(skipped))
    }
}

/// The first of `wanted` that does not follow the ones before it in `names`; `nil` when all come in this order.
func firstOutOfOrder(_ wanted: [String], in names: [String]) -> String? {
    var rest = names[...]
    for name in wanted {
        guard let index = rest.firstIndex(of: name) else { return name }
        rest = rest[(index + 1)...]
    }
    return nil
}

/// The order of a failover's events; what the replicas' events interleave with is checked as a subsequence.
enum FailoverOrder {
    /// Whether `-role-change` is told: on pub/sub it is, in the log only with more detail than usual.
    static func leader(tellsRoles: Bool) -> [String] {
        [
            "+sdown", "+odown", "+new-epoch", "+try-failover", "+vote-for-leader", "+elected-leader",
            "+failover-state-select-slave", "+selected-slave", "+failover-state-send-slaveof-noone",
            "+failover-state-wait-promotion",
        ] + (tellsRoles ? ["-role-change"] : []) + [
            "+promoted-slave", "+failover-state-reconf-slaves", "+slave-reconf-sent", "+slave-reconf-inprog",
            "+slave-reconf-done", "+failover-end", "+switch-master", "+slave", "+slave",
        ]
    }

    /// An observer's. Its own `+sdown` may come before or after the request for its vote, which is told once it is on
    /// disk: the failover may be over by then.
    static let observer = [
        ["+new-epoch", "+vote-for-leader"],
        ["+new-epoch", "+config-update-from", "+switch-master", "+slave", "+slave"],
    ]
}
