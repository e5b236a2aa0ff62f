// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension RealServers {
    /// HAProxy with the usual recipe: each data node has a backend of sentinels that are asked, line by line, whether
    /// that node is the master, and clients go where most of them agree.
    @Suite struct HAProxy {
        @Test(.timeLimit(.minutes(2)))
        func `finds the master by its checks, before and after a failover`() throws {
            try withCluster(password: "secret") { cluster in
                let old = cluster.group.servers[0]
                let front = LoopbackPort.free()
                let file = cluster.directory + "/haproxy.cfg"
                try configuration(cluster, front: front).write(toFile: file, atomically: false, encoding: .utf8)
                let proxy = try ServerProcess(
                    name: "haproxy", directory: cluster.directory + "/haproxy",
                    executable: Programs.installed("haproxy"), arguments: ["-db", "-f", file])
                try proxy.start()
                defer { proxy.end() }
                do {
                    try eventually("a write through the proxy reaches the master", within: .seconds(10)) {
                        try set("before", through: front) == .simple("OK") && old.ask("GET", "before") == .bulk("1")
                    }
                    old.process.kill()
                    let promoted = try cluster.agreedMaster(otherThan: old, within: .seconds(30))
                    try eventually("a write through the proxy reaches the new master", within: .seconds(10)) {
                        try set("after", through: front) == .simple("OK") && promoted.ask("GET", "after") == .bulk("1")
                    }
                } catch {
                    print("HAProxy said: \(proxy.errors())")
                    throw error
                }
            }
        }
    }
}

private func set(_ key: String, through port: UInt16) throws -> Reply {
    let client = try RedisClient(port: port)
    _ = try client.request("AUTH", "secret")
    return try client.request("SET", key, "1")
}

private func configuration(_ cluster: Cluster, front: UInt16) -> String {
    // Until it has checked, HAProxy takes everybody for up: the first rule must not be the right one by chance.
    let ports = cluster.group.servers.map(\.port).reversed()
    let rules = ports.map { "    use_backend node-\($0) if { nbsrv(master-is-\($0)) ge 2 }" }
    let sentinels = cluster.sentinels.map {
        "    server s\($0.port) 127.0.0.1:\($0.port) check inter 100ms rise 1 fall 1"
    }
    let backends = ports.map { port in
        """
        backend node-\(port)
            server node 127.0.0.1:\(port)

        backend master-is-\(port)
            option tcp-check
            tcp-check connect
            tcp-check send AUTH\\ secret\\r\\n
            tcp-check expect string +OK
            tcp-check send PING\\r\\n
            tcp-check expect string +PONG
            tcp-check send SENTINEL\\ get-master-addr-by-name\\ \(cluster.masterName)\\r\\n
            tcp-check expect string *2\\r\\n$9\\r\\n127.0.0.1\\r\\n$5\\r\\n\(port)\\r\\n
            tcp-check send QUIT\\r\\n
            tcp-check expect string +OK
        \(sentinels.joined(separator: "\n"))


        """
    }
    return """
        defaults
            mode tcp
            timeout connect 1s
            timeout check 500ms
            timeout client 10s
            timeout server 10s

        frontend redis
            bind 127.0.0.1:\(front)
        \(rules.joined(separator: "\n"))

        \(backends.joined())
        """
}
