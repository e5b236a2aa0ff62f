// SPDX-License-Identifier: Apache-2.0

import RESP

/// A request being answered.
struct Call {
    let node: DataNode
    let client: NodeClient
    let request: Request
    var reply: Encoder
    var endsConnection = false
}

/// One row of the table of commands.
struct Command {
    struct Traits: OptionSet {
        let rawValue: UInt8

        /// Changes keys: refused by a replica.
        static let writes = Traits(rawValue: 1)
        /// Needs no password.
        static let isOpen = Traits(rawValue: 2)
        /// Allowed to a subscriber that speaks RESP2.
        static let isForSubscribers = Traits(rawValue: 4)
        /// Executed at once within a transaction.
        static let isNeverQueued = Traits(rawValue: 8)
    }

    let name: String
    /// Words of the request: exactly this many, or at least `-arity`.
    let arity: Int
    let traits: Traits
    let handler: @MainActor (inout Call) -> Void

    static func row(
        _ name: String, _ arity: Int, _ handler: @escaping @MainActor (inout Call) -> Void, _ traits: Traits = []
    ) -> Command {
        Command(name: name, arity: arity, traits: traits, handler: handler)
    }

    /// All commands by name.
    static let table: [String: Command] = {
        let rows: [Command] = [
            row("ping", -1, ping, .isForSubscribers),
            row("echo", 2, { $0.reply.bulk($0.request[1]) }),
            row("auth", -2, authenticate, .isOpen),
            row("hello", -1, hello, .isOpen),
            row("quit", -1, quit, [.isOpen, .isForSubscribers, .isNeverQueued]),
            row("select", 2, select),
            row("client", -2, client),
            row("command", -1, { $0.reply.arrayHeader(0) }),
            row("info", -1, info),
            row("config", -2, config),
            row("script", -2, script),
            row("role", 1, role),
            row("get", 2, get),
            row("dbsize", 1, { $0.reply.integer($0.node.keys.count) }),
            row("set", 3, write, .writes),
            row("del", -2, write, .writes),
            row("incr", 2, write, .writes),
            row("flushall", -1, write, .writes),
            row("subscribe", -2, subscribe, .isForSubscribers),
            row("unsubscribe", -1, unsubscribe, .isForSubscribers),
            row("publish", 3, publish),
            row("multi", 1, multi, .isNeverQueued),
            row("exec", 1, exec, .isNeverQueued),
            row("discard", 1, discard, .isNeverQueued),
            row("slaveof", 3, replicaOf),
            row("replicaof", 3, replicaOf),
            row(Handshake.register, 2, register, .isNeverQueued),
            row(Handshake.acknowledge, 2, acknowledge, .isNeverQueued),
        ]
        return Dictionary(uniqueKeysWithValues: rows.map { ($0.name, $0) })
    }()

    /// Answers a request, or queues it within a transaction.
    static func perform(_ call: inout Call) {
        let name = call.request.text(0).lowercased()
        guard let command = table[name] else { return refuse(&call, "ERR unknown command '\(call.request.text(0))'") }
        if let refusal = command.refusal(of: call) { return refuse(&call, refusal) }
        if call.client.transaction != nil, !command.traits.contains(.isNeverQueued) {
            call.client.transaction?.requests.append(call.request)
            return call.reply.simple("QUEUED")
        }
        command.handler(&call)
    }

    /// Executes a request that was checked when it was queued; only the node's role may be another by now.
    static func performQueued(_ call: inout Call) {
        guard let command = table[call.request.text(0).lowercased()] else { return }
        if let refusal = command.refusal(of: call) { return call.reply.error(refusal) }
        command.handler(&call)
    }

    /// Answers with an error; a transaction it happens in cannot be executed any more.
    private static func refuse(_ call: inout Call, _ error: String) {
        call.client.transaction?.isSpoiled = true
        call.reply.error(error)
    }

    private func refusal(of call: Call) -> String? {
        let count = call.request.count
        guard arity >= 0 ? count == arity : count >= -arity else {
            return "ERR wrong number of arguments for '\(name)' command"
        }
        let client = call.client
        if !client.isAuthenticated, !traits.contains(.isOpen) {
            return "NOAUTH Authentication required."
        }
        if client.version == .resp2, !client.channels.isEmpty, !traits.contains(.isForSubscribers) {
            return "ERR Can't execute '\(name)': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET "
                + "are allowed in this context"
        }
        if traits.contains(.writes), !call.node.isMaster {
            return "READONLY You can't write against a read only replica."
        }
        return nil
    }
}

// MARK: - Transactions

extension Command {
    private static func multi(_ call: inout Call) {
        guard call.client.transaction == nil else { return call.reply.error("ERR MULTI calls can not be nested") }
        call.client.transaction = NodeClient.Transaction()
        call.reply.simple("OK")
    }

    private static func exec(_ call: inout Call) {
        guard let transaction = call.client.transaction else { return call.reply.error("ERR EXEC without MULTI") }
        call.client.transaction = nil
        guard !transaction.isSpoiled else {
            return call.reply.error("EXECABORT Transaction discarded because of previous errors.")
        }
        call.reply.arrayHeader(transaction.requests.count)
        for request in transaction.requests {
            var inner = Call(node: call.node, client: call.client, request: request, reply: call.reply)
            performQueued(&inner)
            call.reply = inner.reply
        }
    }

    private static func discard(_ call: inout Call) {
        guard call.client.transaction != nil else { return call.reply.error("ERR DISCARD without MULTI") }
        call.client.transaction = nil
        call.reply.simple("OK")
    }
}
