// SPDX-License-Identifier: Apache-2.0

import ClusterProcesses
import EventLoop
import TransportSecurity

/// One call of the program: what is compared, the processes it takes, and the report in the end.
final class Benchmark {
    private static let secondsToStop: UInt64 = 10

    let options: Options
    let progress = Progress()
    /// Those measured, ours first.
    private(set) var subjects: [Subject] = []
    private var programs: [Subject: String] = [:]
    private var versions: [Subject: String] = [:]
    let ownPath = OwnProcess.path ?? ""
    private(set) var dataServers = ServerProgram.embedded(path: "")
    /// `nil` where everything is plain.
    private(set) var security: Security?
    private var fleetIfStarted: Fleet?
    private var signals: [SignalSource] = []
    private var isStopping = false
    private var stopTimer: DeadlineTimer?
    private var membersStarted = 0

    init(_ options: Options) { self.options = options }

    /// Measures and ends the process.
    func start() {
        for signal in OwnProcess.endingSignals {
            signals.append(SignalSource(signal) { [unowned self] in stop(code: 128 + signal) })
        }
        Console.readerHasGone = { [unowned self] in stop(code: 1) }
        Task {
            do throws(BenchmarkError) {
                try await prepare()
                print(try await run())
                stop(code: 0)
            } catch {
                fail(error.text)
            }
        }
    }

    /// Makes the security of a client's connection; `nil` from it where everything is plain.
    var makeSecurity: () -> (any StreamSecurity)? {
        { [security] in security?.tls.makeClientSecurity() }
    }

    var fleet: Fleet {
        guard let fleetIfStarted else { preconditionFailure("the fleet starts before anything is measured") }
        return fleetIfStarted
    }

    func program(of subject: Subject) -> String { programs[subject] ?? "" }

    /// Starts a process; its name becomes unique.
    func launch(_ name: String, program: String, arguments: [String]) throws(BenchmarkError) -> Member {
        membersStarted += 1
        let name = "\(membersStarted)-\(name)"
        return try attempt { () throws(SystemError) in
            try fleet.launch(name, program: program, arguments: arguments)
        }
    }
}

// MARK: - From start to end

extension Benchmark {
    private func prepare() async throws(BenchmarkError) {
        OwnProcess.raiseDescriptorLimit(to: 1 << 20)
        guard !ownPath.isEmpty, let sibling = OwnProcess.sibling("redis-sentinel") else {
            throw .unexpected("this program's own file cannot be found")
        }
        programs[.ours] = options.ours ?? sibling
        if !options.isOursOnly { programs[.original] = options.original ?? ProcessFacts.program("redis-sentinel") }
        subjects = Subject.allCases.filter { programs[$0] != nil }
        for subject in subjects {
            guard ProcessFacts.canExecute(program(of: subject)) else {
                throw .unexpected("there is no sentinel at \(program(of: subject))")
            }
        }
        dataServers = .choose(ownPath: ownPath, wish: options.server)
        guard let fleet = Fleet("sentinel-benchmark", ownPath: ownPath) else {
            throw .unexpected("no temporary directory could be made")
        }
        fleetIfStarted = fleet
        fleet.memberFailed = { [unowned self] member in
            let words = member.lastWords.map { "\n   \(member.name): \($0)" }.joined()
            fail("\(member.name) ended by itself\(words)")
        }
        fleet.guardianFailed = { [unowned self] in fail("the process that cleans up has ended") }
        var isReady = false
        try attempt { () throws(SystemError) in try fleet.start { isReady = true } }
        try await wait(for: "the process that cleans up", seconds: 10) { isReady }
        if options.isSecure { security = try await Security.make(in: self) }
        for subject in subjects { versions[subject] = await version(of: program(of: subject)) }
    }

    private func version(of program: String) async -> String {
        guard
            let member = try? launch(
                "version", program: "/bin/sh", arguments: ["-c", "\"$0\" --version; exec sleep 60", program])
        else { return "" }
        try? await wait(for: "a version", seconds: 10) { !member.lastWords.isEmpty }
        let version = member.lastWords.first.map(String.init) ?? ""
        await member.end()
        return version
    }

    private func run() async throws(BenchmarkError) -> Report {
        switch options.scenario {
        case .failover: try await FailoverScenario(self).run()
        case .scale: try await ScaleScenario(self).run()
        case .throughput: try await ThroughputScenario(self).run()
        case .idle: try await IdleScenario(self).run()
        case .pubsub: try await PubSubScenario(self).run()
        case .rewrite: try await RewriteScenario(self).run()
        }
    }

    private func print(_ report: Report) {
        progress.clear()
        let told = subjects.map { ($0, path: program(of: $0), version: versions[$0] ?? "") }
        if options.isJSON {
            let arguments = Array(CommandLine.arguments.dropFirst())
            let json = report.json(scenario: options.scenario.rawValue, arguments: arguments, programs: told)
            return Console.line(json.text())
        }
        for (subject, path, version) in told {
            Console.line(Console.faint("\(Console.padded("\(subject)", 9)) \(path)  (\(version))"))
        }
        for line in report.lines(subjects: subjects) { Console.line(line) }
    }

    private func fail(_ problem: String) {
        guard !isStopping else { return }
        progress.clear()
        Console.error("sentinel-benchmark failed: \(problem)")
        stop(code: 1)
    }

    /// Ends all processes and this one; what cannot be ended within seconds is left to the guardian.
    private func stop(code: Int32) {
        guard !isStopping else { return }
        isStopping = true
        progress.clear()
        Console.readerHasGone = {}
        guard let fleetIfStarted else { ProcessFacts.exit(code) }
        stopTimer = DeadlineTimer { ProcessFacts.exit(1) }
        stopTimer?.schedule(at: MonotonicClock.now + Self.secondsToStop * 1_000_000_000)
        fleetIfStarted.stop { ProcessFacts.exit(code) }
    }
}
