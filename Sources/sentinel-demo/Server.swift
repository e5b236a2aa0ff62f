// SPDX-License-Identifier: Apache-2.0

import EventLoop
import RESP

/// One of the three data servers, and what it says of itself.
final class Server {
    let name: String
    let address: SocketAddress
    let link: RedisLink
    var member: Member?
    /// The fields of its latest INFO; empty while it does not answer.
    private(set) var info: [String: String] = [:]
    private var isAsking = false

    init(name: String, address: SocketAddress) {
        self.name = name
        self.address = address
        link = RedisLink(address)
    }

    var port: UInt16 { address.port ?? 0 }
    var isMaster: Bool { info["role"] == "master" }
    var connectedReplicas: Int { info["connected_slaves"].flatMap { Int($0) } ?? 0 }

    /// Whether it replicates from `master`, and has all of its keys.
    func isAttached(to master: Server) -> Bool {
        info["role"] == "slave" && info["master_port"] == String(master.port) && info["master_link_status"] == "up"
    }

    /// Asks for INFO, unless an answer is still to come.
    func look(then changed: @escaping () -> Void) {
        guard !isAsking else { return }
        isAsking = true
        link.send(["INFO"]) { [weak self] reply in
            guard let self else { return }
            isAsking = false
            info = Self.fields(of: reply?.text ?? "")
            changed()
        }
    }

    private static func fields(of text: String) -> [String: String] {
        var fields: [String: String] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { fields[String(parts[0])] = String(parts[1]) }
        }
        return fields
    }
}

/// The data server programs there may be.
enum ServerProgram {
    case real(path: String)
    /// This program in another role.
    case embedded(path: String)

    /// A real server if one is on the PATH, else the embedded one.
    static func choose(ownPath: String) -> ServerProgram {
        if let wish = Process.environment("SENTINEL_DEMO_SERVER") {
            return wish == "embedded" ? .embedded(path: ownPath) : .real(path: wish)
        }
        let real = ProcessFacts.program("redis-server") ?? ProcessFacts.program("valkey-server")
        return real.map { .real(path: $0) } ?? .embedded(path: ownPath)
    }

    var description: String {
        switch self {
        case .real(let path): path
        case .embedded: "embedded data nodes, for want of a redis-server or valkey-server on the PATH"
        }
    }

    /// Starts a server; a real one gets a file it can rewrite, as servers that sentinels watch should have.
    func launch(_ server: Server, replicaOf master: Server?, in fleet: Fleet) throws(SystemError) -> Member {
        switch self {
        case .embedded(let path):
            var arguments = ["--data-node", String(server.port)]
            if let master { arguments += ["--replica-of", master.address.host, String(master.port)] }
            return try fleet.launch(server.name, program: path, arguments: arguments)
        case .real(let path):
            let directory = fleet.makeDirectory(server.name)
            var lines = [
                "port \(server.port)", "bind 127.0.0.1", "dir \(directory)", "save \"\"", "appendonly no",
                "daemonize no", "repl-diskless-sync-delay 0",
            ]
            if let master { lines.append("replicaof \(master.address.host) \(master.port)") }
            let file = try write(lines, to: "\(directory)/server.conf")
            return try fleet.launch(server.name, program: path, arguments: [file])
        }
    }
}

/// Writes a file of lines and returns its path.
func write(_ lines: [String], to path: String) throws(SystemError) -> String {
    _ = try FileReplacement.replace(path: path, contents: Array((lines.joined(separator: "\n") + "\n").utf8))
    return path
}
