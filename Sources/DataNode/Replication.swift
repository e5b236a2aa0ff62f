// SPDX-License-Identifier: Apache-2.0

import EventLoop
import RESP

// How these nodes replicate. A replica connects to its master and sends `datanode.sync <own port>`. The master answers
// `datanode.snapshot <offset> <number of keys>`, one SET for each key, and then every write and published message as it
// happens; each counts its encoded length towards the offset. The replica acknowledges with `datanode.ack <offset>`,
// which is not answered. There is no partial resynchronisation: whoever lost the stream starts again.

/// The words of the replication protocol.
nonisolated enum Handshake {
    static let register = "datanode.sync"
    static let acknowledge = "datanode.ack"
    static let snapshot = "datanode.snapshot"
}

extension Command {
    /// A replica reports and gets all keys, unless we do not have them ourselves.
    static func register(_ call: inout Call) {
        guard let port = Int(strictDecimal: call.request[1]), (1...65535).contains(port) else {
            return call.reply.error("ERR Invalid port")
        }
        guard call.node.isMaster || call.node.isInSync else {
            return call.reply.error("NOMASTERLINK Can't SYNC while not connected with my master")
        }
        let host = call.client.connection.remoteAddress?.host ?? ""
        call.client.replica = NodeClient.Replica(host: host, port: port, acknowledgedOffset: 0)
        call.node.startFeeding(call.client)
    }

    static func acknowledge(_ call: inout Call) {
        guard let offset = Int(strictDecimal: call.request[1]) else { return }
        call.client.replica?.acknowledgedOffset = offset
    }

    static func replicaOf(_ call: inout Call) {
        if call.request.matches(1, "no"), call.request.matches(2, "one") {
            call.node.becomeMaster()
            return call.reply.simple("OK")
        }
        guard let port = Int(strictDecimal: call.request[2]).flatMap({ UInt16(exactly: $0) }), port > 0 else {
            return call.reply.error("ERR Invalid master port")
        }
        let host = call.request.text(1)
        if let master = call.node.master, master == (host, port) {
            return call.reply.simple("OK Already connected to specified master")
        }
        call.node.follow(host: host, port: port)
        call.reply.simple("OK")
    }

    static func role(_ call: inout Call) {
        if let link = call.node.masterLink {
            call.reply.arrayHeader(5)
            call.reply.bulk("slave")
            call.reply.bulk(link.host)
            call.reply.integer(Int(link.port))
            call.reply.bulk(link.isUp ? "connected" : "connect")
            call.reply.integer(call.node.offset)
        } else {
            call.reply.arrayHeader(3)
            call.reply.bulk("master")
            call.reply.integer(call.node.offset)
            let replicas = call.node.replicas.compactMap(\.replica)
            call.reply.arrayHeader(replicas.count)
            for replica in replicas {
                call.reply.arrayHeader(3)
                call.reply.bulk(replica.host)
                call.reply.bulk(String(replica.port))
                call.reply.bulk(String(replica.acknowledgedOffset))
            }
        }
    }
}
