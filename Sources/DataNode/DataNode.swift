// SPDX-License-Identifier: Apache-2.0

import Dispatch
package import EventLoop
import RESP

/// A small server that a sentinel takes for Redis: something to monitor and to fail over where no Redis is installed.
///
/// It speaks both versions of the protocol and does what a sentinel and a simple client need: string keys, publishing,
/// INFO, a real if simple replication, and the commands of a promotion. It is no general Redis: nothing is stored on
/// disk, nothing expires, there is one kind of value, and a replica that lost its master takes all keys anew. Replicas
/// talk to masters of this kind only.
///
/// Many nodes can live in one process; an idle one holds little more than its descriptors.
package final class DataNode {
    /// Where it listens; with the port the system chose when 0 was asked for.
    package let address: SocketAddress
    /// Forty hexadecimal digits, other ones for each instance.
    let runID = DataNode.makeRunID()
    let startedAt = MonotonicClock.now
    var settings: NodeSettings

    var keys = KeySpace()
    /// Bytes of the stream of writes so far. A replica's count is its master's, so the two compare.
    private(set) var offset = 0
    /// The link to our master; `nil` while this node is one itself.
    private(set) var masterLink: MasterLink?

    private(set) var clients: [Int: NodeClient] = [:]
    /// Clients that asked for the stream of writes, in that order.
    private(set) var replicas: [NodeClient] = []
    var channels = ChannelTable()
    private var lastClientID = 0
    private var listener: Listener?

    /// Starts to serve on `address`.
    ///
    /// - Parameter master: The node to replicate from; `nil` makes this one a master.
    /// - Throws: The call that failed, `bind` with EADDRINUSE being the usual one.
    package init(
        on address: SocketAddress, replicaOf master: (host: String, port: UInt16)? = nil,
        settings: NodeSettings = NodeSettings()
    ) throws(SystemError) {
        self.settings = settings
        // The listener gets its callback before `self` may be used; until `node` is set nothing can come in.
        weak var node: DataNode?
        let listener = try Listener(on: address) { connection in
            guard let node else { return connection.close() }
            node.admit(connection)
        }
        self.address = listener.localAddress
        self.listener = listener
        node = self
        if let master { follow(host: master.host, port: master.port) }
    }

    /// Ends the node as a crash would: every connection and the listener are closed at once.
    package func close() {
        listener?.close()
        listener = nil
        masterLink?.end()
        masterLink = nil
        for client in clients.values { client.connection.close() }
        clients = [:]
        replicas = []
        channels = ChannelTable()
    }

    // MARK: What a host of nodes may want to know

    package var isMaster: Bool { masterLink == nil }
    /// The master this node follows.
    package var master: (host: String, port: UInt16)? { masterLink.map { ($0.host, $0.port) } }
    /// Whether all keys of the master are here and its writes come in; false on a master.
    package var isInSync: Bool { masterLink?.isUp ?? false }
    package var connectedReplicas: Int { replicas.count }

    var port: UInt16 { address.port ?? 0 }

    private static func makeRunID() -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: (0..<40).map { _ in digits[Int.random(in: 0..<16)] }, as: UTF8.self)
    }
}

// MARK: - Clients

extension DataNode {
    private func admit(_ connection: Connection) {
        lastClientID += 1
        clients[lastClientID] = NodeClient(connection, id: lastClientID, of: self)
    }

    /// Forgets a client whose connection has ended.
    func remove(_ client: NodeClient) {
        guard clients.removeValue(forKey: client.id) != nil else { return }
        channels.removeAll(of: client)
        replicas.removeAll { $0 === client }
    }

    /// Closes the connections `isChosen` picks and says how many those were.
    func closeClients(where isChosen: (NodeClient) -> Bool) -> Int {
        let chosen = clients.values.filter(isChosen)
        for client in chosen { client.close() }
        return chosen.count
    }
}

// MARK: - Channels

extension DataNode {
    /// Sends a message to all of our clients who listen, and says how many do.
    func publish(_ message: ArraySlice<UInt8>, to channel: [UInt8]) -> Int {
        let listeners = channels.listeners(to: channel)
        for client in listeners {
            var news = Encoder(version: client.version)
            news.pushHeader(3)
            news.bulk("message")
            news.bulk(channel)
            news.bulk(message)
            client.send(news.bytes)
        }
        return listeners.count
    }
}

// MARK: - Replication

extension DataNode {
    /// Becomes a replica of another node, with its keys in place of our own as soon as they are here.
    ///
    /// Our own replicas are let go: what they have does not match the stream that begins now.
    func follow(host: String, port: UInt16) {
        masterLink?.end()
        dropReplicas()
        let link = MasterLink(host: host, port: port, for: self)
        masterLink = link
        link.connect()
    }

    /// Becomes a master with the keys at hand. Replicas of ours keep following: their stream goes on.
    func becomeMaster() {
        masterLink?.end()
        masterLink = nil
    }

    /// Changes keys as `request` says, and has the replicas do the same.
    func write(_ request: Request, into reply: inout Encoder) {
        if keys.execute(request, into: &reply) { propagate(request) }
    }

    /// Appends `request` to the stream of writes.
    func propagate(_ request: Request) {
        var stream = Encoder()
        stream.command(request.arguments)
        offset += stream.bytes.count
        for replica in replicas { replica.send(stream.bytes) }
    }

    /// Does what the master did.
    func apply(_ request: Request) {
        if request.matches(0, "publish"), request.count == 3 {
            _ = publish(request[2], to: Array(request[1]))
        } else {
            var unread = Encoder()
            _ = keys.execute(request, into: &unread)
        }
        propagate(request)
    }

    /// Takes over all keys of the master; its stream goes on at `offset`.
    func adopt(_ keys: KeySpace, at offset: Int) {
        self.keys = keys
        self.offset = offset
        dropReplicas()
    }

    /// Sends all keys to `client`, and from here on the stream of writes.
    func startFeeding(_ client: NodeClient) {
        var snapshot = Encoder()
        snapshot.command([Handshake.snapshot, String(offset), String(keys.count)])
        for (key, value) in keys.pairs { snapshot.command([Array("SET".utf8), key, value]) }
        client.send(snapshot.bytes)
        if !replicas.contains(where: { $0 === client }) { replicas.append(client) }
    }

    private func dropReplicas() {
        for replica in replicas { replica.close() }
    }
}
