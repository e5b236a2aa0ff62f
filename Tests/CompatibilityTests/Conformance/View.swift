// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What of a reply must be the same.
enum View: String, Sendable {
    /// Everything.
    case whole
    /// Types and how many; no texts and numbers.
    case kinds
    /// Types and the length of texts.
    case lengths
    /// Everything, the elements of arrays in any order.
    case sorted
    /// Maps of instances or scripts: everything but what depends on the moment; they come in any order.
    case instances
    /// The same, whether connected or not.
    case unconnected
    /// INFO: its headings and names in their order, and the values that depend neither on program nor on moment.
    case info
    /// CLIENT LIST and INFO: names in their order, and the values that do not depend on the moment.
    case clients
    /// HELP: what can be written, in any order, without the explanations.
    case help
    /// COMMAND and COMMAND INFO, the subcommands by name only.
    case command
    /// COMMAND DOCS: without the wording, and without what is in the original's alone.
    case docs
    /// HELLO: without the ID.
    case hello
    /// ACL LOG: without numbers and times.
    case log
    /// ACL LIST and GETUSER: the rules about commands in any order.
    case rules

    func of(_ reply: Reply) -> Reply {
        switch self {
        case .whole: reply
        case .kinds: Self.kinds(reply)
        case .lengths: Self.lengths(reply)
        case .sorted: Self.sorted(reply)
        case .instances: Self.instances(reply)
        case .unconnected:
            Self.map(Self.instances(reply)) { key, value in
                key == "flags" ? .bulk((value.text ?? "").replacingOccurrences(of: ",disconnected", with: "")) : value
            }
        case .info: .array(Self.info(reply.text ?? "\(reply)").map(Reply.simple))
        case .clients: Self.clients(reply)
        case .help: .array(reply.items.filter { $0.text?.hasPrefix("    ") != true }.sorted(by: Self.precedes))
        case .command: Self.command(reply)
        case .docs: Self.sorted(Self.docs(reply))
        case .hello: Self.map(reply) { key, value in key == "id" ? .simple("<number>") : value }
        case .log: Self.log(reply)
        case .rules: Self.rules(reply)
        }
    }

    private static func precedes(_ left: Reply, _ right: Reply) -> Bool { left.description < right.description }

    /// The same kind of aggregate with other elements.
    private static func aggregate(_ reply: Reply, _ items: [Reply]) -> Reply {
        switch reply {
        case .array: .array(items)
        case .map: .map(items)
        case .set: .set(items)
        case .push: .push(items)
        case .simple, .error, .integer, .bulk, .null, .nullArray, .nothing, .verbatim, .double, .boolean: reply
        }
    }

    private static func kinds(_ reply: Reply) -> Reply {
        switch reply {
        case .bulk: .bulk("<text>")
        case .verbatim: .verbatim("txt:<text>")
        case .integer: .integer(0)
        case .double: .double("0")
        case .array, .map, .set, .push: aggregate(reply, reply.items.map(kinds))
        case .simple, .error, .null, .nullArray, .nothing, .boolean: reply
        }
    }

    private static func lengths(_ reply: Reply) -> Reply {
        switch reply {
        case .bulk(let text): .bulk("<\(text.utf8.count) characters>")
        case .array, .map, .set, .push: aggregate(reply, reply.items.map(lengths))
        case .simple, .error, .integer, .null, .nullArray, .nothing, .verbatim, .double, .boolean: reply
        }
    }

    private static func sorted(_ reply: Reply) -> Reply {
        if case .map(let items) = reply {
            let pairs = stride(from: 0, to: items.count - 1, by: 2).map { [items[$0], sorted(items[$0 + 1])] }
            return .map(pairs.sorted { precedes($0[0], $1[0]) }.flatMap(\.self))
        }
        return aggregate(reply, reply.items.map(sorted).sorted(by: precedes))
    }

    /// Replaces the values of a map (or of the flat array that is one, or of each map in an array or a map).
    private static func map(_ reply: Reply, _ replace: (String, Reply) -> Reply) -> Reply {
        let items = reply.items
        guard items.count.isMultiple(of: 2), case .bulk? = items.first else {
            return aggregate(reply, items.map { map($0, replace) })
        }
        return aggregate(
            reply,
            items.indices.map { index in
                guard index % 2 == 1, let key = items[index - 1].text else { return items[index] }
                return map(replace(key, items[index]), replace)
            })
    }

    // MARK: Instances

    private static let momentary: Set = [
        "link-pending-commands", "last-ping-sent", "last-ok-ping-reply", "last-ping-reply", "info-refresh",
        "role-reported-time", "last-hello-message", "slave-repl-offset", "s-down-time", "o-down-time",
        "master-link-down-time", "run-time", "run-delay", "pid",
    ]

    private static func instances(_ reply: Reply) -> Reply {
        if ["name", "argv"].contains(reply.items.first?.text) {
            return map(reply) { key, value in
                momentary.contains(key) && Int(value.text ?? "") != nil ? .bulk("<number>") : value
            }
        }
        return aggregate(reply, reply.items.map(instances).sorted(by: precedes))
    }

    // MARK: INFO

    /// Fields whose values are the same whoever tells them.
    private static let steady: Set = [
        "redis_mode", "os", "arch_bits", "process_supervised", "tcp_port", "config_file", "configured_hz",
        "io_threads_active", "connected_clients", "cluster_connections", "maxclients", "blocked_clients",
        "tracking_clients", "clients_in_timeout_table", "rejected_connections", "pubsub_channels", "pubsub_patterns",
        "total_error_replies", "unexpected_error_replies",
    ]

    /// The masters are in any order and without their number; of our own section there is the heading.
    private static func info(_ text: String) -> [String] {
        var lines: [String] = []
        var masters: [String] = []
        for line in text.components(separatedBy: "\r\n") {
            if lines.last == "# Internals" { break }
            let name = String(line.prefix { $0 != ":" })
            if name.hasPrefix("master"), Int(name.dropFirst(6)) != nil {
                masters.append("master\(line.dropFirst(name.count))")
            } else {
                lines += masters.sorted()
                masters = []
                // Whether a stall led to TILT depends on the machine.
                let isSentinels = name.hasPrefix("sentinel_") && !name.hasPrefix("sentinel_tilt")
                let isTold = name == line || steady.contains(name) || isSentinels
                lines.append(isTold ? line : "\(name):")
            }
        }
        return lines + masters.sorted()
    }

    // MARK: CLIENT

    private static let momentaryOfClients: Set = [
        "id", "fd", "age", "idle", "qbuf", "qbuf-free", "argv-mem", "rbs", "rbp", "obl", "oll", "omem", "tot-mem",
        "events",
    ]

    private static func clients(_ reply: Reply) -> Reply {
        let lines = (reply.text ?? "\(reply)").components(separatedBy: "\n").map(client)
        return .array(lines.sorted(by: precedes))
    }

    private static func client(_ line: String) -> Reply {
        .array(
            line.components(separatedBy: " ").map { field in
                let name = String(field.prefix { $0 != "=" })
                return .simple(momentaryOfClients.contains(name) ? "\(name)=<number>" : field)
            })
    }

    private static func log(_ reply: Reply) -> Reply {
        aggregate(
            reply,
            reply.items.map { entry in
                map(entry) { key, value in
                    switch key {
                    case "client-info": client(value.text ?? "")
                    case "entry-id", "timestamp-created", "timestamp-last-updated": kinds(value)
                    case "age-seconds":
                        // A double: a text of its own type only in RESP3.
                        if case .bulk = value { .bulk("<seconds>") } else { kinds(value) }
                    default: value
                    }
                }
            })
    }

    private static func rules(_ reply: Reply) -> Reply {
        func sorted(_ reply: Reply) -> Reply {
            .bulk((reply.text ?? "").components(separatedBy: " ").sorted().joined(separator: " "))
        }
        if reply.items.allSatisfy({ $0.text?.hasPrefix("user ") == true }) {
            return aggregate(reply, reply.items.map(sorted))
        }
        return map(reply) { key, value in key == "commands" ? sorted(value) : value }
    }

    // MARK: COMMAND

    private static func docs(_ reply: Reply) -> Reply {
        let items = reply.items
        guard items.count.isMultiple(of: 2), case .bulk? = items.first else {
            return aggregate(reply, items.map(docs))
        }
        var kept: [Reply] = []
        for index in stride(from: 0, to: items.count, by: 2) {
            switch items[index].text {
            case "arguments", "complexity", "history": break
            case "summary": kept += [items[index], .simple("<text>")]
            default: kept += [items[index], docs(items[index + 1])]
            }
        }
        return aggregate(reply, kept)
    }

    private static func command(_ reply: Reply) -> Reply {
        aggregate(
            reply,
            reply.items.map { entry in
                guard entry.items.count == 10 else { return entry }
                var items = entry.items
                for index in [2, 6, 7] { items[index] = sorted(items[index]) }
                items[9] = aggregate(items[9], items[9].items.map { $0.items.first ?? $0 }.sorted(by: precedes))
                return aggregate(entry, items)
            }.sorted(by: precedes))
    }
}
