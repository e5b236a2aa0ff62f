// SPDX-License-Identifier: Apache-2.0

import Dispatch

#if os(Linux)
    import CLinux
#endif
#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Why a name has no address, in words; such as "Name or service not known".
package nonisolated struct ResolutionError: Error, Hashable, Sendable, CustomStringConvertible {
    package let text: String

    package init(_ text: String) { self.text = text }

    package var description: String { text }

    package static let deadlinePassed = ResolutionError("No answer in time")
    package static let notNumeric = ResolutionError("Not an IP address")
}

/// Turns names into addresses off the main queue, a few at a time and each with a deadline.
///
/// The system's look-up cannot be interrupted: one that outlives its deadlines keeps its thread until it comes back. So
/// whoever asks the same meanwhile waits for it too, and a name that is not answered holds up one thread, however often
/// it is asked about. With all threads held up, what waits behind them is answered by its deadline.
package final class Resolver {
    package enum Mode {
        /// Addresses in numbers only; anything else is an error.
        case numericOnly
        /// Names as well, as the system resolves them.
        case names
    }

    package typealias Outcome = Result<[SocketAddress], ResolutionError>

    private struct Question: Hashable {
        let host: String
        let port: UInt16
    }

    private struct Query {
        let question: Question
        let completion: @MainActor (Outcome) -> Void
    }

    private let lookUp: @Sendable (String, UInt16) -> Outcome
    /// Queues whose thread is free. Each is serial, which gives it a thread even when those of the pool all wait.
    private var idle: [SideQueue]
    /// Those neither answered nor given up, by number.
    private var queries: [UInt64: Query] = [:]
    /// Numbers of the queries for each question that waits for a thread or is being looked up; nobody may be left who
    /// waits for a look-up that is under way.
    private var askers: [Question: [UInt64]] = [:]
    /// Questions that wait for a thread, oldest first; each has an asker.
    private var waiting: [Question] = []
    private var lastNumber: UInt64 = 0

    /// - Parameter limit: Most look-ups at once, each of which holds a thread; above 0.
    package convenience init(limit: Int = 8) {
        self.init(limit: limit) { Resolver.askSystem($0, $1) }
    }

    init(limit: Int, lookUp: @escaping @Sendable (String, UInt16) -> Outcome) {
        precondition(limit > 0, "a resolver needs a thread")
        self.lookUp = lookUp
        idle = (0..<limit).map { SideQueue(label: "resolver-\($0)") }
    }

    /// Calls `completion` once: with all addresses of `host` in the system's order, at least one, or with what went
    /// wrong.
    ///
    /// An address in numbers, and in mode `numericOnly` anything, is answered before this returns; a name is never.
    ///
    /// - Parameter timeout: The time from now to the answer, waiting for a thread included.
    package func resolve(
        _ host: String, port: UInt16, mode: Mode = .names, within timeout: Duration,
        completion: @escaping @MainActor (Outcome) -> Void
    ) {
        if let address = SocketAddress(numericHost: host, port: port) { return completion(.success([address])) }
        guard mode == .names else { return completion(.failure(.notNumeric)) }
        lastNumber += 1
        let number = lastNumber
        let question = Question(host: host, port: port)
        queries[number] = Query(question: question, completion: completion)
        if askers[question] == nil { waiting.append(question) }
        askers[question, default: []].append(number)
        startNext()
        let (seconds, attoseconds) = timeout.components
        let nanoseconds = Int(clamping: seconds).multipliedReportingOverflow(by: 1_000_000_000)
        let whole = nanoseconds.overflow ? Int.max / 2 : nanoseconds.partialValue + Int(attoseconds / 1_000_000_000)
        Poller.main.deadlines.after(UInt64(clamping: whole)) {
            guard self.queries[number] != nil else { return }
            self.giveUp(number, on: question)
            self.answer(number, .failure(.deadlinePassed))
        }
    }

    /// Waits no longer; what nobody waits for any more is not looked up, unless that has begun.
    private func giveUp(_ number: UInt64, on question: Question) {
        askers[question]?.removeAll { $0 == number }
        guard askers[question]?.isEmpty == true, let index = waiting.firstIndex(of: question) else { return }
        waiting.remove(at: index)
        askers[question] = nil
    }

    /// All addresses of `host`, at once; for start-up, where there is nothing that a wait would hold up.
    package nonisolated static func resolveNow(_ host: String, port: UInt16) -> Outcome {
        if let address = SocketAddress(numericHost: host, port: port) { return .success([address]) }
        return askSystem(host, port)
    }

    private func startNext() {
        while !waiting.isEmpty, let queue = idle.popLast() {
            let question = waiting.removeFirst()
            let lookUp = lookUp
            let (host, port) = (question.host, question.port)
            queue.async {
                let outcome = lookUp(host, port)
                DispatchQueue.main.async {
                    self.idle.append(queue)
                    for number in self.askers.removeValue(forKey: question) ?? [] { self.answer(number, outcome) }
                    self.startNext()
                }
            }
        }
    }

    /// Answers a query, unless it has been.
    private func answer(_ number: UInt64, _ outcome: Outcome) {
        guard let query = queries.removeValue(forKey: number) else { return }
        query.completion(outcome)
    }

    /// Asks the system, for as long as that takes.
    private nonisolated static func askSystem(_ host: String, _ port: UInt16) -> Outcome {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        #if os(Linux)
            hints.ai_socktype = swift_sentinel_sock_stream
        #else
            hints.ai_socktype = SOCK_STREAM
        #endif
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, nil, &hints, &list)
        guard code == 0 else { return .failure(ResolutionError(String(cString: gai_strerror(code)))) }
        defer { freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var entry = list
        while let information = entry?.pointee {
            if let source = information.ai_addr,
                let found = SocketAddress(copying: source, length: Int(information.ai_addrlen))?.withPort(port),
                !addresses.contains(found)
            {
                addresses.append(found)
            }
            entry = information.ai_next
        }
        return addresses.isEmpty ? .failure(ResolutionError("No usable address")) : .success(addresses)
    }
}
