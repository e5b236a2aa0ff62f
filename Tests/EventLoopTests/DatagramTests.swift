// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import EventLoop

extension `Event loop` {
    @Suite struct `Datagrams` {
        @Test func `arrive whole, at a path and at an abstract name`() async throws {
            try await withTemporaryDirectory { directory in
                let path = directory + "/socket"
                for address in [SocketAddress(unixPath: path), SocketAddress(abstractName: path)] {
                    let address = try #require(address)
                    let receiver = try receiver(at: address)
                    defer { close(receiver) }
                    try DatagramSender(to: address).send("one")
                    try DatagramSender(to: address, patienceMilliseconds: 100).send("two\nlines")
                    #expect(received(receiver) == ["one", "two\nlines"])
                }
            }
        }

        @Test func `that nobody takes are an error, and those that don't fit are dropped`() async throws {
            try await withTemporaryDirectory { directory in
                let address = try #require(SocketAddress(unixPath: directory + "/socket"))
                let sender = DatagramSender(to: address)
                #expect(isError(ENOENT) { () throws(SystemError) in try sender.send("x") })
                let receiver = try receiver(at: address)
                let before = MonotonicClock.now
                var sent = 0
                while sent < 100_000, (try? sender.send("x")) != nil { sent += 1 }
                #expect(sent > 0 && sent < 100_000)
                #expect(isError(EAGAIN) { () throws(SystemError) in try sender.send("x") })
                let patient = DatagramSender(to: address, patienceMilliseconds: 200)
                #expect(isError(EAGAIN) { () throws(SystemError) in try patient.send("x") })
                // The kernel counts ticks, which come late where the machine itself has to wait.
                #expect(MonotonicClock.now - before >= 100_000_000)
                close(receiver)
                #expect(isError(ECONNREFUSED) { () throws(SystemError) in try sender.send("x") })
            }
        }

        @Test func `of the system log have priority, time, name and number`() async throws {
            try await withTemporaryDirectory { directory in
                let path = directory + "/log"
                let receiver = try receiver(at: try #require(SocketAddress(unixPath: path)))
                defer { close(receiver) }
                let log = SystemLog(identity: "name", facility: 16, path: path)
                log.write(.warning, "text")
                log.write(.debug, "")
                SystemLog(identity: "name", facility: 16, path: directory + "/none").write(.warning, "dropped")
                let messages = received(receiver)
                #expect(messages.count == 2)
                let form = #/<(\d+)>\w{3} [ \d]\d \d\d:\d\d:\d\d name\[(\d+)\]: (.*)/#
                let parts = messages.compactMap { try? form.wholeMatch(in: $0)?.output }
                #expect(parts.map { String($0.1) } == ["132", "135"])
                #expect(parts.allSatisfy { $0.2 == "\(getpid())" })
                #expect(parts.map { String($0.3) } == ["text", ""])
            }
        }

        private func isError(_ number: Int32, _ body: () throws(SystemError) -> Void) -> Bool {
            do throws(SystemError) {
                try body()
                return false
            } catch {
                return error.errno == number
            }
        }

        private func receiver(at address: SocketAddress) throws -> Int32 {
            #if canImport(Glibc)
                let kind = Int32(SOCK_DGRAM.rawValue)
            #else
                let kind = SOCK_DGRAM
            #endif
            let descriptor = socket(AF_UNIX, kind, 0)
            _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
            try #require(address.withSocketAddress { bind(descriptor, $0, $1) } == 0)
            return descriptor
        }

        private func received(_ descriptor: Int32) -> [String] {
            var messages: [String] = []
            var bytes = [UInt8](repeating: 0, count: 1000)
            while true {
                let count = recv(descriptor, &bytes, bytes.count, 0)
                guard count >= 0 else { return messages }
                messages.append(String(decoding: bytes[..<count], as: UTF8.self))
            }
        }
    }
}
