// SPDX-License-Identifier: Apache-2.0

/// Who listens to which channel of a node.
struct ChannelTable {
    private var subscribers: [[UInt8]: [NodeClient]] = [:]

    /// Adds `client` to a channel, unless it is there.
    mutating func add(_ client: NodeClient, to channel: [UInt8]) {
        guard !client.channels.contains(channel) else { return }
        client.channels.append(channel)
        subscribers[channel, default: []].append(client)
    }

    mutating func remove(_ client: NodeClient, from channel: [UInt8]) {
        guard let index = client.channels.firstIndex(of: channel) else { return }
        client.channels.remove(at: index)
        subscribers[channel]?.removeAll { $0 === client }
        if subscribers[channel]?.isEmpty == true { subscribers[channel] = nil }
    }

    mutating func removeAll(of client: NodeClient) {
        for channel in client.channels { remove(client, from: channel) }
    }

    func listeners(to channel: [UInt8]) -> [NodeClient] { subscribers[channel] ?? [] }
}
