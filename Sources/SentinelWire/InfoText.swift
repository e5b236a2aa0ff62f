// SPDX-License-Identifier: Apache-2.0

package import SentinelCore

extension InfoReport {
    /// Reads the text of an INFO reply; lines it does not know or can't read are passed over.
    ///
    /// - Source: spec/monitoring.md 7.
    package init(text: [UInt8]) {
        self.init()
        self.text = text
        var start = text.startIndex
        var isReplica = false
        while start < text.endIndex {
            let end = text.firstIndex(of: UInt8(ascii: "\n"), from: start)
            // The lines a sentinel reads start with one of these; nothing else of the others is looked at.
            switch text[start] {
            case UInt8(ascii: "r"), UInt8(ascii: "s"), UInt8(ascii: "m"):
                let hasReturn = text[end - 1] == UInt8(ascii: "\r")
                read(text[start..<(hasReturn ? end - 1 : end)], isReplica: &isReplica)
            default: break
            }
            start = end + 1
        }
    }

    /// Told apart by their length first, which alone rules out nearly all.
    private mutating func read(_ line: ArraySlice<UInt8>, isReplica: inout Bool) {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return }
        let (key, value) = (line[..<colon], line[(colon + 1)...])
        switch key.count {
        case 4 where key.elementsEqual("role".utf8):
            isReplica = !value.elementsEqual("master".utf8)
            role = isReplica ? .replica : .master
        case 6 where key.elementsEqual("run_id".utf8):
            let text = Self.text(value)
            if text.utf8.count >= 40 { runID = String(text.prefix(40)) }
        case 30 where key.elementsEqual("master_link_down_since_seconds".utf8):
            if let seconds = Int64(Self.text(value)), seconds.magnitude < 1 << 40 {
                masterLinkDownFor = .seconds(seconds)
            }
        case 6...
        where (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(key[key.startIndex + 5])
            && key.starts(with: "slave".utf8):
            if let replica = Self.replica(value) { replicas.append(replica) }
        default:
            if isReplica { readReplicaLine(key, value) }
        }
    }

    private mutating func readReplicaLine(_ key: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>) {
        switch key.count {
        case 11 where key.elementsEqual("master_host".utf8): masterHost = Self.text(value)
        case 11 where key.elementsEqual("master_port".utf8): masterPort = UInt16(Self.text(value))
        case 18 where key.elementsEqual("master_link_status".utf8):
            isMasterLinkUp = Self.text(value).lowercased() == "up"
        case 14 where key.elementsEqual("slave_priority".utf8): priority = Int(Self.text(value))
        case 17 where key.elementsEqual("slave_repl_offset".utf8): offset = Int64(Self.text(value))
        case 17 where key.elementsEqual("replica_announced".utf8): isAnnounced = !value.elementsEqual("0".utf8)
        default: break
        }
    }

    /// `ip=<host>,port=<port>,…`, or the form of old servers, `<host>,<port>,<state>`.
    private static func replica(_ value: ArraySlice<UInt8>) -> Endpoint? {
        let fields = value.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        var host: ArraySlice<UInt8>?
        var port: UInt16?
        for field in fields {
            if field.starts(with: "ip=".utf8) { host = field.dropFirst(3) }
            if field.starts(with: "port=".utf8) { port = UInt16(text(field.dropFirst(5))) }
        }
        if host == nil, port == nil, fields.count >= 3, !fields[0].contains(UInt8(ascii: "=")) {
            host = fields[0]
            port = UInt16(text(fields[1]))
        }
        guard let host, let port, !host.isEmpty, port != 0 else { return nil }
        return Endpoint(host: text(host), port: port)
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
}

extension [UInt8] {
    /// The first place of `byte` at or behind `start`, or the end.
    fileprivate func firstIndex(of byte: UInt8, from start: Int) -> Int {
        var index = start
        while index < count, self[index] != byte { index += 1 }
        return index
    }
}
