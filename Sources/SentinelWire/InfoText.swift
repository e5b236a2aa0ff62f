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
            let end = text[start...].firstIndex(of: UInt8(ascii: "\n")) ?? text.endIndex
            var line = text[start..<end]
            if line.last == UInt8(ascii: "\r") { line = line.dropLast() }
            start = end < text.endIndex ? end + 1 : end
            read(line, isReplica: &isReplica)
        }
    }

    /// The lines a sentinel reads start with one of these; everything else is skipped after one comparison.
    private mutating func read(_ line: ArraySlice<UInt8>, isReplica: inout Bool) {
        switch line.first {
        case UInt8(ascii: "r"), UInt8(ascii: "s"), UInt8(ascii: "m"): break
        default: return
        }
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return }
        let key = line[..<colon]
        func value() -> String { String(decoding: line[(colon + 1)...], as: UTF8.self) }
        if key.elementsEqual("role".utf8) {
            isReplica = !line[(colon + 1)...].elementsEqual("master".utf8)
            role = isReplica ? .replica : .master
        } else if key.elementsEqual("run_id".utf8) {
            let text = value()
            if text.utf8.count >= 40 { runID = String(text.prefix(40)) }
        } else if key.elementsEqual("master_link_down_since_seconds".utf8) {
            if let seconds = Int64(value()), seconds.magnitude < 1 << 40 { masterLinkDownFor = .seconds(seconds) }
        } else if key.starts(with: "slave".utf8), key.dropFirst(5).first.map({ (0x30...0x39).contains($0) }) == true {
            if let replica = Self.replica(value()) { replicas.append(replica) }
        } else if isReplica {
            readReplicaLine(key, value)
        }
    }

    private mutating func readReplicaLine(_ key: ArraySlice<UInt8>, _ value: () -> String) {
        if key.elementsEqual("master_host".utf8) {
            masterHost = value()
        } else if key.elementsEqual("master_port".utf8) {
            masterPort = UInt16(value())
        } else if key.elementsEqual("master_link_status".utf8) {
            isMasterLinkUp = value().lowercased() == "up"
        } else if key.elementsEqual("slave_priority".utf8) {
            priority = Int(value())
        } else if key.elementsEqual("slave_repl_offset".utf8) {
            offset = Int64(value())
        } else if key.elementsEqual("replica_announced".utf8) {
            isAnnounced = value() != "0"
        }
    }

    /// `ip=<host>,port=<port>,…`, or the form of old servers, `<host>,<port>,<state>`.
    private static func replica(_ text: String) -> Endpoint? {
        let fields = text.split(separator: ",", omittingEmptySubsequences: false)
        var host: Substring?
        var port: UInt16?
        for field in fields {
            if field.hasPrefix("ip=") { host = field.dropFirst(3) }
            if field.hasPrefix("port=") { port = UInt16(field.dropFirst(5)) }
        }
        if host == nil, port == nil, fields.count >= 3, !fields[0].contains("=") {
            host = fields[0]
            port = UInt16(fields[1])
        }
        guard let host, let port, !host.isEmpty, port != 0 else { return nil }
        return Endpoint(host: String(host), port: port)
    }
}
