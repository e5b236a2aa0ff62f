// SPDX-License-Identifier: Apache-2.0

import RESP

// Commands about the node, its keys and its channels.

extension Command {
    static func info(_ call: inout Call) {
        let sections = (1..<call.request.count).map { call.request.text($0).lowercased() }
        call.reply.verbatim(InfoText.make(for: call.node, sections: sections))
    }

    static func script(_ call: inout Call) {
        if call.request.matches(1, "kill") {
            call.reply.error("NOTBUSY No scripts in execution right now.")
        } else {
            call.reply.error("ERR unknown subcommand '\(call.request.text(1))'. Try SCRIPT HELP.")
        }
    }

    // MARK: Keys

    static func get(_ call: inout Call) {
        if let value = call.node.keys[Array(call.request[1])] { call.reply.bulk(value) } else { call.reply.null() }
    }

    static func write(_ call: inout Call) { call.node.write(call.request, into: &call.reply) }

    // MARK: Channels

    static func subscribe(_ call: inout Call) {
        for index in 1..<call.request.count {
            let channel = Array(call.request[index])
            call.node.channels.add(call.client, to: channel)
            confirm(&call, "subscribe", channel)
        }
    }

    static func unsubscribe(_ call: inout Call) {
        var channels = call.client.channels
        if call.request.count > 1 { channels = (1..<call.request.count).map { Array(call.request[$0]) } }
        if channels.isEmpty { return confirm(&call, "unsubscribe", nil) }
        for channel in channels {
            call.node.channels.remove(call.client, from: channel)
            confirm(&call, "unsubscribe", channel)
        }
    }

    private static func confirm(_ call: inout Call, _ kind: String, _ channel: [UInt8]?) {
        call.reply.pushHeader(3)
        call.reply.bulk(kind)
        if let channel { call.reply.bulk(channel) } else { call.reply.null() }
        call.reply.integer(call.client.channels.count)
    }

    /// Reaches this node's subscribers, and those of its replicas by way of the stream.
    static func publish(_ call: inout Call) {
        call.reply.integer(call.node.publish(call.request[2], to: Array(call.request[1])))
        if call.node.isMaster { call.node.propagate(call.request) }
    }

    // MARK: CONFIG

    static func config(_ call: inout Call) {
        let request = call.request
        if request.matches(1, "rewrite"), request.count == 2 {
            call.reply.simple("OK")  // there is no file; a sentinel only wants to go on
        } else if request.matches(1, "get"), request.count >= 3 {
            getParameters(&call)
        } else if request.matches(1, "set"), request.count >= 4, request.count.isMultiple(of: 2) {
            setParameters(&call)
        } else {
            call.reply.error("ERR unknown subcommand or wrong number of arguments for '\(request.text(1))'.")
        }
    }

    private static func getParameters(_ call: inout Call) {
        let settings = call.node.settings
        let parameters: [(String, String)] = [
            ("port", String(call.node.port)),
            ("requirepass", settings.password ?? ""),
            ("masterauth", settings.masterPassword ?? ""),
            ("replica-priority", String(settings.priority)),
            ("replica-announced", settings.isAnnounced ? "yes" : "no"),
            ("replicaof", call.node.master.map { "\($0.host) \($0.port)" } ?? ""),
            ("appendonly", "no"), ("save", ""), ("maxmemory", "0"), ("databases", "1"),
        ]
        let patterns = (2..<call.request.count).map { Array(call.request.text($0).lowercased().utf8) }
        let chosen = parameters.filter { parameter in
            patterns.contains { Glob.matches(pattern: $0, text: parameter.0.utf8) }
        }
        call.reply.mapHeader(chosen.count)
        for (name, value) in chosen {
            call.reply.bulk(name)
            call.reply.bulk(value)
        }
    }

    private static func setParameters(_ call: inout Call) {
        var settings = call.node.settings
        for index in stride(from: 2, to: call.request.count, by: 2) {
            let (name, value) = (call.request.text(index).lowercased(), call.request.text(index + 1))
            switch (name, value) {
            case ("requirepass", _): settings.password = value.isEmpty ? nil : value
            case ("masterauth", _): settings.masterPassword = value.isEmpty ? nil : value
            case ("replica-announced", "yes"), ("replica-announced", "no"): settings.isAnnounced = value == "yes"
            case ("replica-priority", _), ("slave-priority", _):
                guard let number = Int(strictDecimal: value.utf8), number >= 0 else {
                    return call.reply.error("ERR CONFIG SET failed - argument couldn't be parsed into an integer")
                }
                settings.priority = number
            default:
                return call.reply.error("ERR Unknown option or number of arguments for CONFIG SET - '\(name)'")
            }
        }
        call.node.settings = settings
        call.reply.simple("OK")
    }
}
