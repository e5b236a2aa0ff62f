// SPDX-License-Identifier: Apache-2.0

import ClusterProcesses
import EventLoop
import RESP

/// One of the three sentinels, as its clients see it.
final class Watcher {
    static let group = "mymaster"

    let name: String
    let address: SocketAddress
    let link: RedisLink
    var member: Member?
    /// Its SENTINEL MYID, by which the others name it.
    private(set) var identity: String?
    /// The port of the master it tells clients.
    private(set) var masterPort: UInt16?
    /// Ports of the replicas and sentinels it knows, and whether it can use them.
    private(set) var replicas: [UInt16: Bool] = [:]
    private(set) var peers: [UInt16: Bool] = [:]
    /// The port its latest +switch-master named.
    private(set) var switchedPort: UInt16?
    private let events: RedisLink
    private var pendingReplies = 0
    private var hasSubscribed = false

    /// - Parameter heard: Gets every event it publishes.
    init(name: String, address: SocketAddress, heard: @escaping (_ event: String, _ words: [Substring]) -> Void) {
        self.name = name
        self.address = address
        link = RedisLink(address)
        weak var watcher: Watcher?
        let news: ([Value]) -> Void = { message in
            guard message.count == 4, message[0].text == "pmessage", let event = message[2].text else { return }
            let words = (message[3].text ?? "").split(separator: " ")
            if event == "+switch-master", words.count == 5 { watcher?.switchedPort = UInt16(words[4]) }
            heard(event, words)
        }
        events = RedisLink(address, news: news)
        watcher = self
    }

    var port: UInt16 { address.port ?? 0 }

    /// Whether it can use both replicas and both other sentinels.
    var knowsAll: Bool { replicas.values.count { $0 } == 2 && peers.values.count { $0 } == 2 }

    /// The few lines of configuration a sentinel needs.
    static func configuration(port: UInt16, directory: String, master: SocketAddress) -> [String] {
        [
            "port \(port)", "bind 127.0.0.1", "dir \(directory)",
            "sentinel monitor \(group) \(master.host) \(master.port ?? 0) 2",
            "sentinel down-after-milliseconds \(group) 1000",
            "sentinel failover-timeout \(group) 10000",
        ]
    }

    /// Asks what it knows, unless answers are still to come.
    func look(then changed: @escaping () -> Void) {
        if !events.isConnected { hasSubscribed = false }
        guard pendingReplies == 0 else { return }
        if identity == nil { ask(["MYID"], changed) { $0.identity = $1.text } }
        ask(["GET-MASTER-ADDR-BY-NAME", Self.group], changed) { watcher, reply in
            watcher.masterPort = reply.elements.flatMap { $0.count == 2 ? $0[1].text : nil }.flatMap { UInt16($0) }
        }
        ask(["REPLICAS", Self.group], changed) { watcher, reply in
            watcher.replicas = Self.instances(reply) { $0["flags"] == "slave" && $0["master-link-status"] == "ok" }
        }
        ask(["SENTINELS", Self.group], changed) { watcher, reply in
            watcher.peers = Self.instances(reply) { $0["flags"] == "sentinel" }
        }
    }

    private func ask(
        _ words: [String], _ changed: @escaping () -> Void, _ take: @escaping (Watcher, Value) -> Void
    ) {
        pendingReplies += 1
        link.send(["SENTINEL"] + words) { [weak self] reply in
            guard let self else { return }
            pendingReplies -= 1
            guard let reply, reply.errorText == nil else { return }
            if !hasSubscribed {
                hasSubscribed = true
                events.subscribe(["PSUBSCRIBE", "*"])
            }
            take(self, reply)
            changed()
        }
    }

    private static func instances(_ reply: Value, isUsable: ([String: String]) -> Bool) -> [UInt16: Bool] {
        var result: [UInt16: Bool] = [:]
        for instance in reply.elements ?? [] {
            var fields: [String: String] = [:]
            for entry in instance.entries ?? [] { fields[entry.key.text ?? ""] = entry.value.text }
            if let port = fields["port"].flatMap({ UInt16($0) }) { result[port] = isUsable(fields) }
        }
        return result
    }
}
