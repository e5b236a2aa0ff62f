// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestCertificates
import Testing

extension RealServers {
    /// The Python library, as an application uses it; what it does is in `redis_py.py`.
    @Suite struct `redis-py` {
        @Test(.timeLimit(.minutes(2)), arguments: Session.all)
        func `finds the master, writes through a failover and reads from replicas`(session: Session) throws {
            let security = session.isSecure ? try Security() : nil
            try withCluster(password: session.password, security: security) { cluster in
                let task = Task(
                    sentinels: cluster.sentinels.map(\.port), name: cluster.masterName, password: session.password,
                    protocol: session.version, tls: security.map { Task.Files($0.certificates) })
                let python = try ServerProcess(
                    name: "redis-py", directory: cluster.directory + "/redis-py",
                    executable: Programs.repository + "/.build/python/bin/python3",
                    arguments: [
                        Programs.repository + "/Tests/CompatibilityTests/OtherPrograms/redis_py.py",
                        String(decoding: try JSONEncoder().encode(task), as: UTF8.self),
                    ])
                try python.start()
                defer { python.end() }
                try eventually("redis-py is ready", within: .seconds(30)) {
                    !python.isRunning || python.log().contains("\n")
                }
                try #require(python.isRunning, "\(python.errors())")
                cluster.group.servers[0].process.kill()
                let exit = try python.waitForExit(within: .seconds(60))
                #expect(exit == 0, "\(python.log())\(python.errors())")
                let reports = try python.log().split(separator: "\n").map {
                    try JSONDecoder().decode(Report.self, from: Data($0.utf8))
                }
                let promoted = try cluster.agreedMaster(within: .seconds(10))
                #expect(reports.map(\.master) == [cluster.group.servers[0].port, promoted.port])
                #expect(try promoted.ask("GET", "after").text?.hasSuffix(" after") == true)
            }
        }
    }
}

/// How the library talks to the servers.
struct Session: Sendable, CustomTestStringConvertible {
    let version: Int
    var password: String?
    var isSecure = false

    var testDescription: String {
        "RESP\(version)\(password == nil ? "" : " with a password")\(isSecure ? " over TLS" : "")"
    }

    static let all = [
        Session(version: 2), Session(version: 3, password: "secret"),
        Session(version: 3, password: "secret", isSecure: true),
    ]
}

/// What the script is asked to do.
private struct Task: Encodable {
    struct Files: Encodable {
        let authority: String
        let certificate: String
        let key: String

        init(_ certificates: Certificates) {
            authority = certificates["ca.crt"]
            certificate = certificates["client.crt"]
            key = certificates["client.key"]
        }
    }

    let sentinels: [UInt16]
    let name: String
    let password: String?
    let `protocol`: Int
    let tls: Files?

    // What is missing is told as null.
    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(sentinels, forKey: .sentinels)
        try container.encode(name, forKey: .name)
        try container.encode(password, forKey: .password)
        try container.encode(`protocol`, forKey: .protocol)
        try container.encode(tls, forKey: .tls)
    }

    private enum Key: CodingKey { case sentinels, name, password, `protocol`, tls }
}

/// What it says before and after the failover.
private struct Report: Decodable {
    let master: UInt16
}
