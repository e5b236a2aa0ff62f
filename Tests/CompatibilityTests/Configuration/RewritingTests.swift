// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// What rewriting does to the file itself.
///
/// - Source: issue 4, rewriting; spec/config-and-process.md 5.3 and 8.
@Suite(.ownThread) struct `A configuration that is rewritten` {
    private static let text = "port $PORT\nsentinel monitor m 127.0.0.1 6379 2\n"

    /// Starts our sentinel on a configuration that `prepare` has put in place, and asks it to save.
    private func rewritten(
        _ text: String = text, authentication: String? = nil, prepare: (_ directory: String) throws -> Void = { _ in },
        while body: (_ client: RedisClient, _ directory: String) throws -> Void = { _, _ in }
    ) throws -> String {
        try withTemporaryDirectory { directory in
            let path = directory + "/sentinel.conf"
            let port = LoopbackPort.free()
            try text.replacing("$PORT", with: "\(port)").write(toFile: path, atomically: false, encoding: .utf8)
            try prepare(directory)
            let process = try ServerProcess(
                name: "sentinel", directory: directory + "/run", executable: SentinelProgram.ours.path(),
                arguments: [path])
            try process.start()
            defer { process.end() }
            let client = try eventually("it answers", within: .seconds(20)) {
                let client = try RedisClient(port: port)
                if let authentication { _ = try client.request("AUTH", authentication) }
                let reply = try client.request("SENTINEL", "FLUSHCONFIG")
                guard reply == .simple("OK") else { throw NotReached(description: "\(reply)") }
                return client
            } until: { _ in
                true
            }
            try body(client, directory)
            return try String(contentsOfFile: path, encoding: .utf8).replacing("\(port)", with: "$PORT")
        }
    }

    private func attributes(_ path: String) throws -> (mode: Int?, owner: Int?, type: FileAttributeType?) {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return (
            attributes[.posixPermissions] as? Int, attributes[.ownerAccountID] as? Int,
            attributes[.type] as? FileAttributeType
        )
    }

    @Test(.timeLimit(.minutes(1)), arguments: [0o600, 0o640, 0o664])
    func `keeps its mode and owner`(mode: Int) throws {
        let owner = getuid() == 0 ? 1234 : Int(getuid())
        _ = try rewritten {
            chmod($0 + "/sentinel.conf", mode_t(mode))
            if getuid() == 0 { chown($0 + "/sentinel.conf", 1234, 1234) }
        } while: { _, directory throws in
            let now = try attributes(directory + "/sentinel.conf")
            #expect(now.mode == mode && now.owner == owner)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `stays where a symbolic link leads to`() throws {
        let text = try rewritten {
            try FileManager.default.createDirectory(atPath: $0 + "/real", withIntermediateDirectories: false)
            try FileManager.default.moveItem(atPath: $0 + "/sentinel.conf", toPath: $0 + "/real/file")
            try FileManager.default.createSymbolicLink(
                atPath: $0 + "/sentinel.conf", withDestinationPath: "real/file")
        } while: { _, directory throws in
            #expect(try attributes(directory + "/sentinel.conf").type == .typeSymbolicLink)
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory + "/real") == ["file"])
        }
        #expect(text.contains("sentinel myid "))
    }

    @Test(.timeLimit(.minutes(1)), arguments: [(true, 0o600), (false, 0o644)])
    func `that was deleted comes back, for nobody else to read if it holds secrets`(hasSecret: Bool, mode: Int) throws {
        let text = try rewritten(
            Self.text + (hasSecret ? "sentinel auth-pass m secret\n" : ""),
            while: { client, directory throws in
                try FileManager.default.removeItem(atPath: directory + "/sentinel.conf")
                #expect(try client.request("SENTINEL", "FLUSHCONFIG") == .simple("OK"))
                #expect(try attributes(directory + "/sentinel.conf").mode == mode)
            })
        #expect(text.contains("sentinel monitor m 127.0.0.1 6379 2\n"))
    }

    @Test(.timeLimit(.minutes(1)))
    func `keeps comments, order, explicit defaults and edits made meanwhile, and writes no line twice`() throws {
        let text = try rewritten(
            """
            # header
            port $PORT

            sentinel failover-timeout m 180000
            # about the master
            sentinel monitor m 127.0.0.1 6379 2
            sentinel parallel-syncs m 1
            sentinel known-slave m 127.0.0.1 6380
            sentinel known-replica m 127.0.0.1 6380
            timeout 0

            """,
            while: { client, directory throws in
                let path = directory + "/sentinel.conf"
                let edited = try String(contentsOfFile: path, encoding: .utf8) + "# a note of today\n"
                try edited.write(toFile: path, atomically: true, encoding: .utf8)
                for _ in 0..<3 { #expect(try client.request("SENTINEL", "FLUSHCONFIG") == .simple("OK")) }
            })
        let begin = """
            # header
            port $PORT

            sentinel failover-timeout m 180000
            # about the master
            sentinel monitor m 127.0.0.1 6379 2
            sentinel parallel-syncs m 1
            sentinel known-slave m 127.0.0.1 6380
            timeout 0

            # Generated by CONFIG REWRITE
            sentinel myid
            """
        #expect(text.hasPrefix(begin), "\(text)")
        #expect(text.hasSuffix("# a note of today\n"))
        let lines = text.split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(Set(lines).count == lines.count)
    }

    @Test(.timeLimit(.minutes(1)))
    func `obeys a requirepass that was added after it was generated`() throws {
        let text = try rewritten(
            Self.text + "user default on nopass ~* &* +@all\nrequirepass later\n", authentication: "later",
            while: { _, directory throws in
                let path = directory + "/sentinel.conf"
                let line = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")[0]
                let port = try #require(UInt16(line.dropFirst("port ".count)))
                let stranger = try RedisClient(port: port)
                #expect(try stranger.request("PING").text?.hasPrefix("NOAUTH") == true)
            })
        #expect(text.contains("requirepass later\n") && !text.contains("user default"))
    }

    @Test(.timeLimit(.minutes(1)))
    func `quotes what needs it, so that it can be read again`() throws {
        let text = try rewritten(while: { client, _ throws in
            #expect(try client.request("SENTINEL", "SET", "m", "auth-pass", "a \"b\" #c\\") == .simple("OK"))
        })
        #expect(text.contains(#"sentinel auth-pass m "a \"b\" #c\\""# + "\n"))
    }
}
