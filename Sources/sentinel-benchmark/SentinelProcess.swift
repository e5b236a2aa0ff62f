// SPDX-License-Identifier: Apache-2.0

import ClusterProcesses
import EventLoop
import RESP

/// A group as a sentinel is told of it.
struct MonitoredGroup {
    let name: String
    let master: SocketAddress
    let quorum: Int
    var downAfterMilliseconds = 1000
    var failoverTimeoutMilliseconds = 180_000

    /// Its lines in a configuration file.
    var lines: [String] {
        [
            "sentinel monitor \(name) \(master.host) \(master.port ?? 0) \(quorum)",
            "sentinel down-after-milliseconds \(name) \(downAfterMilliseconds)",
            "sentinel failover-timeout \(name) \(failoverTimeoutMilliseconds)",
        ]
    }
}

/// A sentinel that is measured, and what its clients hear of it.
final class SentinelProcess {
    let subject: Subject
    let address: SocketAddress
    let link: RedisLink
    let member: Member
    private let makeSecurity: () -> (any StreamSecurity)?
    private var events: [RedisLink] = []

    /// Starts the program with the groups in its configuration file.
    init(
        _ subject: Subject, at address: SocketAddress, groups: [MonitoredGroup], in benchmark: Benchmark
    ) throws(BenchmarkError) {
        self.subject = subject
        self.address = address
        makeSecurity = benchmark.makeSecurity
        link = RedisLink(address, security: makeSecurity)
        let port = address.port ?? 0
        let directory = benchmark.fleet.makeDirectory("sentinel-\(port)")
        let ports = benchmark.security?.lines(port: port) ?? ["port \(port)"]
        let head = ports + ["bind \(address.host)", "dir \(directory)", "maxclients 50000"]
        let more = subject == .ours ? benchmark.options.line.map { [$0] } ?? [] : []
        let file = try attempt { () throws(SystemError) in
            try write(head + more + groups.flatMap(\.lines), to: "\(directory)/sentinel.conf")
        }
        let program = benchmark.program(of: subject)
        // Debian's file is the server's in another role, which `--sentinel` chooses whatever the file is called.
        member = try benchmark.launch("\(subject)-\(port)", program: program, arguments: [file, "--sentinel"])
    }

    var name: String { member.name }
    var cpuNanoseconds: UInt64 { ProcessUsage.cpuNanoseconds(of: member.processID) ?? 0 }
    var residentBytes: Int { ProcessUsage.residentBytes(of: member.processID) ?? 0 }

    func ask(_ words: [String]) async -> Value? { await link.ask(words) }

    func waitUntilItAnswers() async throws(BenchmarkError) {
        try await wait(for: "the start of \(name)", seconds: 60) { await ask(["PING"])?.text == "PONG" }
    }

    /// Has every event it publishes handed over as it comes in.
    func subscribe(
        to pattern: String = "*", heard: @escaping (_ event: String, _ words: [Substring]) -> Void
    ) async throws(BenchmarkError) {
        var isConfirmed = false
        let events = RedisLink(address, security: makeSecurity) { message in
            isConfirmed = true
            guard message.count == 4, message[0].text == "pmessage", let event = message[2].text else { return }
            heard(event, (message[3].text ?? "").split(separator: " "))
        }
        self.events.append(events)
        events.subscribe(["PSUBSCRIBE", pattern])
        try await wait(for: "the subscription to \(name)", seconds: 60, everyMilliseconds: 5) { isConfirmed }
    }

    func masterAddress(of group: String) async -> SocketAddress? {
        await Self.address(ask(["SENTINEL", "GET-MASTER-ADDR-BY-NAME", group]))
    }

    /// The address in a reply to GET-MASTER-ADDR-BY-NAME.
    static func address(_ reply: Value?) -> SocketAddress? {
        let words = reply?.elements?.compactMap(\.text) ?? []
        guard words.count == 2, let port = UInt16(words[1]) else { return nil }
        return SocketAddress(numericHost: words[0], port: port)
    }

    /// How many instances of a group it knows in good order.
    ///
    /// - Parameter kind: `REPLICAS` or `SENTINELS`.
    func usable(_ kind: String, of group: String, flags: String) async -> Int {
        let instances = await ask(["SENTINEL", kind, group])?.elements ?? []
        return instances.count { instance in
            var fields: [String: String] = [:]
            for entry in instance.entries ?? [] { fields[entry.key.text ?? ""] = entry.value.text }
            return fields["flags"] == flags && fields["master-link-status"] ?? "ok" == "ok"
        }
    }

    /// Ends it, and the connections to it.
    func end() async {
        for events in events { events.close() }
        link.close()
        await member.end()
    }
}

extension Benchmark {
    /// Addresses on this machine that nobody listens on.
    func freeAddresses(_ count: Int) throws(BenchmarkError) -> [SocketAddress] {
        guard let addresses = FreeAddresses.find(count) else { throw .noFreePorts }
        return addresses
    }

    /// Measures each program as often as asked for, taking turns and changing who begins.
    func interleaved(
        _ body: (_ run: Int, _ subject: Subject) async throws(BenchmarkError) -> Void
    ) async throws(BenchmarkError) {
        for run in 0..<options.runs {
            for subject in run.isMultiple(of: 2) ? subjects : subjects.reversed() {
                progress.show("\(options.scenario): run \(run + 1) of \(options.runs), \(subject)")
                try await body(run, subject)
            }
        }
    }
}
