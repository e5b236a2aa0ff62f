// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import EventLoop

extension `Event loop` {
    @Suite struct `A listener` {
        @Test func `says why it cannot bind`() throws {
            let server = try TestServer()
            defer { server.close() }
            let address = try server.address
            #expect(throws: SystemError(call: "bind", errno: EADDRINUSE)) { try TestServer(address) }
        }

        @Test(arguments: ["127.0.0.1", "::1"])
        func `takes its address again as soon as it is closed`(host: String) async throws {
            let server = try TestServer(SocketAddress(numericHost: host, port: 0))
            defer { server.close() }
            let address = try server.address
            let recorder = Recorder()
            let client = Connection(connectingTo: address, delegate: recorder)
            defer { client.close() }
            try await eventually { recorder.connects == 1 && server.connections.count == 1 }
            // Whoever closes first has the port in TIME_WAIT once the other has closed too.
            server.connections[0].close()
            try await eventually { recorder.closes == [.endOfStream] }
            client.close()
            server.close()
            await turns(2)
            let strict = try System.streamSocket(address.family)
            #expect(throws: SystemError(call: "bind", errno: EADDRINUSE)) { try System.bind(strict, to: address) }
            System.close(strict)
            let again = try TestServer(address)
            again.close()
        }

        @Test func `at a path has the mode asked for and replaces what an earlier one left`() async throws {
            try await withTemporaryDirectory { directory throws in
                let path = directory + "/socket"
                let address = try #require(SocketAddress(unixPath: path))
                let left = try System.streamSocket(.unix)
                try System.bind(left, to: address)
                System.close(left)
                #expect(FileManager.default.fileExists(atPath: path))
                let listener = try Listener(on: address, unixMode: 0o700) { $0.close() }
                #expect(try attributes(path)?.mode == 0o700)
                listener.close()
                #expect(!FileManager.default.fileExists(atPath: path))
            }
        }

        @Test func `at a path leaves a file alone that is no socket`() async throws {
            try await withTemporaryDirectory { directory throws in
                let path = directory + "/file"
                try Data("precious".utf8).write(to: URL(fileURLWithPath: path))
                let address = try #require(SocketAddress(unixPath: path))
                #expect(throws: SystemError(call: "bind", errno: EADDRINUSE)) {
                    try Listener(on: address) { $0.close() }
                }
                #expect(try contents(path) == bytes("precious"))
            }
        }

        @Test func `waits when descriptors run out, and goes on when there are some`() async throws {
            let server = try TestServer()
            defer { server.close() }
            var told: [SystemError] = []
            server.listener?.acceptFailed = { told.append($0) }
            let recorder = Recorder()
            let client = Connection(connectingTo: try server.address, delegate: recorder)
            var limit = rlimit()
            getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            var none = limit
            none.rlim_cur = 0
            let start = MonotonicClock.now
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &none)
            try await eventually { (server.listener?.failedAccepts ?? 0) > 0 }
            await turns(20)
            let failures = server.listener?.failedAccepts ?? 0
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            // One each tenth of a second, however long those turns took.
            #expect(failures <= 2 + Int((MonotonicClock.now - start) / 100_000_000))
            #expect(told == Array(repeating: SystemError(call: "accept", errno: EMFILE), count: failures))
            #expect(server.connections.isEmpty)
            try await eventually { server.connections.count == 1 }
            client.close()
        }

        @Test func `can be closed while it takes connections in`() async throws {
            var taken = 0
            var listener: Listener?
            let address = try #require(SocketAddress(numericHost: "127.0.0.1", port: 0))
            listener = try Listener(on: address) { connection in
                taken += 1
                connection.close()
                listener?.close()
            }
            let bound = try #require(listener?.localAddress)
            let recorder = Recorder()
            let clients = (0..<5).map { _ in Connection(connectingTo: bound, delegate: recorder) }
            try await eventually { recorder.closes.count == 5 }
            #expect(taken == 1)
            for client in clients { client.close() }
        }
    }
}
