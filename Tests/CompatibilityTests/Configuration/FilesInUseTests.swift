// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Files as they are in use today: the four of issue 4, on a real master.
@Suite(.serialized, .ownThread) struct `Configurations in use` {
    /// Runs our sentinel on `text` (`$PORT`, `$MASTER`, `$REPLICA` and `$DIR` filled in) with a master and a replica.
    private func withSentinel(
        _ text: String, files: [String: String] = [:],
        _ body: (_ ask: ([String]) throws -> Reply, _ path: String, _ master: DataServer) throws -> Void
    ) throws {
        try withTemporaryDirectory { directory in
            let master = try DataServer(name: "master", directory: directory, replicating: nil)
            defer { master.process.end() }
            let replica = try DataServer(name: "replica", directory: directory, replicating: master.port)
            defer { replica.process.end() }
            let port = LoopbackPort.free()
            func filled(_ text: String) -> String {
                text.replacing("$PORT", with: "\(port)").replacing("$MASTER", with: "\(master.port)")
                    .replacing("$REPLICA", with: "\(replica.port)").replacing("$DIR", with: directory)
            }
            for (name, text) in files {
                try filled(text).write(toFile: directory + "/" + name, atomically: false, encoding: .utf8)
            }
            let path = directory + "/sentinel.conf"
            try filled(text).write(toFile: path, atomically: false, encoding: .utf8)
            let process = try ServerProcess(
                name: "sentinel", directory: directory + "/run", executable: SentinelProgram.ours.path(),
                arguments: [path])
            let ask = { (words: [String]) in try RedisClient(port: port).request(words) }
            for life in 1...2 {
                try process.start()
                // A daemon is nobody's child: it is ended by command.
                defer {
                    _ = try? RedisClient(port: port).request("SHUTDOWN", "NOSAVE")
                    process.end()
                }
                try eventually("life \(life): the master and its replica are seen", within: .seconds(30)) {
                    let fields = try ask(["SENTINEL", "MASTER", "mymaster"]).fields
                    return fields["flags"] == "master" && fields["num-slaves"] == "1"
                        && fields["runid"]?.isEmpty == false
                } until: {
                    $0
                }
                try body(ask, path, master)
                _ = try? RedisClient(port: port).request("SHUTDOWN", "NOSAVE")
                try eventually("it has ended", within: .seconds(10)) {
                    (try? RedisClient(port: port).request("PING")) == nil && !process.isRunning
                }
            }
        }
    }

    private static let id = String(repeating: "3b6df2fa", count: 5)

    @Test(.timeLimit(.minutes(3)))
    func `the minimal one of a daemon, in the order in which it grew`() throws {
        try withSentinel(
            """
            port $PORT
            daemonize yes
            pidfile $DIR/pid
            logfile "$DIR/sentinel.log"
            sentinel myid \(Self.id)
            sentinel monitor mymaster 127.0.0.1 $MASTER 2
            sentinel auth-pass mymaster unused
            sentinel config-epoch mymaster 3
            sentinel leader-epoch mymaster 4
            sentinel known-slave mymaster 127.0.0.1 $REPLICA
            sentinel current-epoch 4

            """
        ) { ask, path, _ throws in
            #expect(try ask(["SENTINEL", "MYID"]).text == Self.id)
            let fields = try ask(["SENTINEL", "MASTER", "mymaster"]).fields
            #expect(fields["config-epoch"] == "3" && fields["quorum"] == "2")
            #expect(try ask(["SENTINEL", "FLUSHCONFIG"]) == .simple("OK"))
            let text = try String(contentsOfFile: path, encoding: .utf8)
            #expect(text.contains("sentinel known-slave mymaster") && !text.contains("known-replica"))
            let log = (path as NSString).deletingLastPathComponent + "/sentinel.log"
            #expect(try String(contentsOfFile: log, encoding: .utf8).contains("+monitor master mymaster"))
        }
    }

    @Test(.timeLimit(.minutes(3)))
    func `one whose monitor line stands behind what refers to it`() throws {
        try withSentinel(
            """
            port $PORT
            sentinel down-after-milliseconds mymaster 1234
            sentinel failover-timeout mymaster 5678
            sentinel known-replica mymaster 127.0.0.1 $REPLICA
            sentinel monitor mymaster 127.0.0.1 $MASTER 2

            """
        ) { ask, path, _ throws in
            let fields = try ask(["SENTINEL", "MASTER", "mymaster"]).fields
            #expect(fields["down-after-milliseconds"] == "1234" && fields["failover-timeout"] == "5678")
        }
    }

    @Test(.timeLimit(.minutes(3)))
    func `one of a chart, with names, upper case and trailing space`() throws {
        try withSentinel(
            """
            dir "$DIR"
            port $PORT
            SENTINEL MONITOR mymaster localhost $MASTER 2 \nSENTINEL down-after-milliseconds mymaster 60000\t
            SENTINEL failover-timeout mymaster 180000
            SENTINEL parallel-syncs mymaster 1
            SENTINEL resolve-hostnames yes
            SENTINEL announce-hostnames yes

            """
        ) { ask, path, master throws in
            #expect(try ask(["SENTINEL", "MASTER", "mymaster"]).fields["ip"] == "localhost")
            let address = try ask(["SENTINEL", "GET-MASTER-ADDR-BY-NAME", "mymaster"]).items.map(\.text)
            #expect(address == ["localhost", "\(master.port)"])
            let text = try String(contentsOfFile: path, encoding: .utf8)
            #expect(text.contains("SENTINEL MONITOR mymaster localhost \(master.port) 2"))
        }
    }

    @Test(.timeLimit(.minutes(3)))
    func `one that is only an include`() throws {
        try withSentinel(
            "include $DIR/*.part\n",
            files: [
                "a.part": "port $PORT\nsentinel down-after-milliseconds mymaster 4321\n",
                "b.part": "sentinel monitor mymaster 127.0.0.1 $MASTER 2\n",
            ]
        ) { ask, path, _ throws in
            #expect(try ask(["SENTINEL", "MASTER", "mymaster"]).fields["down-after-milliseconds"] == "4321")
            let text = try String(contentsOfFile: path, encoding: .utf8)
            #expect(text.hasPrefix("include ") && text.contains("sentinel myid "))
            #expect(!text.contains("sentinel monitor") && !text.contains("port "))
            let directory = (path as NSString).deletingLastPathComponent
            #expect(
                try String(contentsOfFile: directory + "/b.part", encoding: .utf8).split(separator: "\n").count == 1)
        }
    }
}
