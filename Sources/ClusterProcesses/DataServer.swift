// SPDX-License-Identifier: Apache-2.0

package import EventLoop
package import RESP

/// One of the data servers, and what it says of itself.
package final class DataServer {
    package let name: String
    package let address: SocketAddress
    package let link: RedisLink
    package var member: Member?
    /// The fields of its latest INFO; empty while it does not answer.
    package private(set) var info: [String: String] = [:]
    private var isAsking = false

    package init(name: String, address: SocketAddress) {
        self.name = name
        self.address = address
        link = RedisLink(address)
    }

    package var port: UInt16 { address.port ?? 0 }
    package var isMaster: Bool { info["role"] == "master" }
    package var connectedReplicas: Int { info["connected_slaves"].flatMap { Int($0) } ?? 0 }

    /// Whether it replicates from `master`, and has all of its keys.
    package func isAttached(to master: DataServer) -> Bool {
        info["role"] == "slave" && info["master_port"] == String(master.port) && info["master_link_status"] == "up"
    }

    /// Asks for INFO, unless an answer is still to come.
    package func look(then changed: @escaping () -> Void) {
        guard !isAsking else { return }
        isAsking = true
        link.send(["INFO"]) { [weak self] reply in
            guard let self else { return }
            isAsking = false
            take(reply)
            changed()
        }
    }

    /// Keeps the fields of a reply to INFO.
    package func take(_ reply: Value?) { info = Self.fields(of: reply?.text ?? "") }

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
package enum ServerProgram {
    case real(path: String)
    /// This program in another role.
    case embedded(path: String)

    /// A real server if one is on the PATH, else the embedded one.
    ///
    /// - Parameter wish: The path of a program, or `embedded`, to be taken instead.
    package static func choose(ownPath: String, wish: String?) -> ServerProgram {
        if let wish { return wish == "embedded" ? .embedded(path: ownPath) : .real(path: wish) }
        let real = ProcessFacts.program("redis-server") ?? ProcessFacts.program("valkey-server")
        return real.map { .real(path: $0) } ?? .embedded(path: ownPath)
    }

    package var description: String {
        switch self {
        case .real(let path): path
        case .embedded: "embedded data nodes, for want of a redis-server or valkey-server on the PATH"
        }
    }

    /// Starts a server; a real one gets a file it can rewrite, as servers that sentinels watch should have.
    ///
    /// - Throws: Why it could not be started, or its file not be written.
    package func launch(
        _ server: DataServer, replicaOf master: DataServer?, in fleet: Fleet
    ) throws(SystemError) -> Member {
        switch self {
        case .embedded(let path):
            let role = HelperRole.dataNodes(
                at: server.address, count: 1, firstMaster: master?.address)
            return try fleet.launch(server.name, program: path, arguments: role.arguments)
        case .real(let path):
            let directory = fleet.makeDirectory(server.name)
            var lines = [
                "port \(server.port)", "bind \(server.address.host)", "dir \(directory)", "save \"\"", "appendonly no",
                "daemonize no", "repl-diskless-sync-delay 0",
            ]
            if let master { lines.append("replicaof \(master.address.host) \(master.port)") }
            let file = try write(lines, to: "\(directory)/server.conf")
            return try fleet.launch(server.name, program: path, arguments: [file])
        }
    }
}

/// Writes a file of lines and returns its path.
///
/// - Throws: Why the file could not be written.
package func write(_ lines: [String], to path: String) throws(SystemError) -> String {
    _ = try FileReplacement.replace(path: path, contents: Array((lines.joined(separator: "\n") + "\n").utf8))
    return path
}
