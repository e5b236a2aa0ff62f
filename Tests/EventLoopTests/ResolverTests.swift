// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Testing

@testable import EventLoop

extension `Event loop` {
    @Suite struct `The resolver` {
        @Test func `answers numbers before it returns`() {
            var outcome: Resolver.Outcome?
            Resolver().resolve("::1", port: 5, mode: .numericOnly, within: .seconds(1)) { outcome = $0 }
            #expect(outcome == SocketAddress(numericHost: "::1", port: 5).map { .success([$0]) })
            outcome = nil
            Resolver().resolve("127.0.0.1", port: 5, within: .seconds(1)) { outcome = $0 }
            #expect(outcome == SocketAddress(numericHost: "127.0.0.1", port: 5).map { .success([$0]) })
        }

        @Test func `takes no names when only numbers are wanted`() {
            var outcome: Resolver.Outcome?
            Resolver().resolve("localhost", port: 5, mode: .numericOnly, within: .seconds(1)) { outcome = $0 }
            #expect(outcome == .failure(.notNumeric))
        }

        @Test func `finds this host`() async throws {
            var outcome: Resolver.Outcome?
            Resolver().resolve("localhost", port: 26379, within: .seconds(10)) { outcome = $0 }
            #expect(outcome == nil)
            try await eventually { outcome != nil }
            let addresses = try #require(try outcome?.get())
            let local = [SocketAddress(numericHost: "127.0.0.1", port: 26379), .init(numericHost: "::1", port: 26379)]
            #expect(!addresses.isEmpty)
            #expect(addresses.allSatisfy { local.contains($0) })
            #expect(Set(addresses).count == addresses.count)
        }

        @Test func `says why a name has no address`() async throws {
            var outcome: Resolver.Outcome?
            Resolver().resolve("no such name.invalid", port: 1, within: .seconds(9)) { outcome = $0 }
            try await eventually { outcome != nil }
            guard case .failure(let error) = outcome else {
                Issue.record("found \(String(describing: outcome))")
                return
            }
            #expect(!error.text.isEmpty)
        }

        @Test func `drops an answer that comes after the deadline`() async throws {
            let gate = DispatchSemaphore(value: 0)
            let late = try #require(SocketAddress(numericHost: "127.0.0.1", port: 1))
            let resolver = Resolver(limit: 1) { _, _ in
                gate.wait()
                return .success([late])
            }
            var outcomes: [Resolver.Outcome] = []
            resolver.resolve("slow", port: 1, within: .milliseconds(5)) { outcomes.append($0) }
            resolver.resolve("behind it", port: 1, within: .milliseconds(10)) { outcomes.append($0) }
            try await eventually { outcomes.count == 2 }
            #expect(outcomes == [.failure(.deadlinePassed), .failure(.deadlinePassed)])
            gate.signal()
            // The thread is free again, and the query given up while it waited is not looked up any more.
            resolver.resolve("next", port: 1, within: .seconds(9)) { outcomes.append($0) }
            gate.signal()
            try await eventually { outcomes.count == 3 }
            #expect(outcomes[2] == .success([late]))
            await turns(5)
            #expect(outcomes.count == 3)
        }

        @Test func `looks up what many ask once at a time, and anew after that`() async throws {
            let gate = DispatchSemaphore(value: 0)
            let started = DispatchSemaphore(value: 0)
            let address = try #require(SocketAddress(numericHost: "127.0.0.1", port: 1))
            let resolver = Resolver(limit: 4) { _, _ in
                started.signal()
                gate.wait()
                return .success([address])
            }
            func startedCount() -> Int {
                var count = 0
                while started.wait(timeout: .now()) == .success { count += 1 }
                return count
            }
            var outcomes: [Resolver.Outcome] = []
            resolver.resolve("name", port: 1, within: .milliseconds(5)) { outcomes.append($0) }
            try await eventually { outcomes == [.failure(.deadlinePassed)] }
            // Nobody waits for it any more, and it is still under way.
            for _ in 0..<5 { resolver.resolve("name", port: 1, within: .seconds(9)) { outcomes.append($0) } }
            await turns(5)
            #expect(startedCount() == 1)
            gate.signal()
            try await eventually { outcomes.count == 6 }
            #expect(outcomes.dropFirst().allSatisfy { $0 == .success([address]) })
            resolver.resolve("name", port: 1, within: .seconds(9)) { outcomes.append($0) }
            // Another port makes other addresses.
            resolver.resolve("name", port: 2, within: .seconds(9)) { outcomes.append($0) }
            for _ in 0..<2 { gate.signal() }
            try await eventually { outcomes.count == 8 }
            #expect(startedCount() == 2)
        }

        @Test func `answers other names though one that is not answered is asked about again and again`() async throws {
            let gate = DispatchSemaphore(value: 0)
            let address = try #require(SocketAddress(numericHost: "127.0.0.1", port: 1))
            let resolver = Resolver(limit: 2) { host, _ in
                if host == "dead" { gate.wait() }
                return .success([address])
            }
            defer { for _ in 0..<4 { gate.signal() } }
            var deadlines = 0
            for count in 1...4 {
                resolver.resolve("dead", port: 1, within: .milliseconds(5)) { _ in deadlines += 1 }
                try await eventually { deadlines == count }
            }
            var outcome: Resolver.Outcome?
            resolver.resolve("alive", port: 1, within: .seconds(2)) { outcome = $0 }
            try await eventually { outcome != nil }
            #expect(outcome == .success([address]))
        }

        @Test func `keeps to its limit`() async throws {
            let gate = DispatchSemaphore(value: 0)
            let started = DispatchSemaphore(value: 0)
            let resolver = Resolver(limit: 3) { _, _ in
                started.signal()
                gate.wait()
                return .failure(ResolutionError("done"))
            }
            var answers = 0
            for number in 0..<7 {
                resolver.resolve("name-\(number)", port: 1, within: .seconds(9)) { _ in answers += 1 }
            }
            var running = 0
            try await eventually {
                while started.wait(timeout: .now()) == .success { running += 1 }
                return running == 3
            }
            await turns(5)
            #expect(started.wait(timeout: .now()) == .timedOut)
            for _ in 0..<7 { gate.signal() }
            try await eventually { answers == 7 }
        }
    }
}
