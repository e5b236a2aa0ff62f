// SPDX-License-Identifier: Apache-2.0

import Dispatch
import SentinelSimulation

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

let usage = """
    usage: sentinel-simulate --seed N                        one schedule, with its trace
           sentinel-simulate --schedules M [--from S]        many, on all cores, until a rule is broken
           options: --quiet (no trace), --keep-going (after violations), --sabotage KIND (see that it is caught)
    """

func fail(_ text: String) -> Never {
    print(text)
    exit(2)
}

/// The words of the command line.
struct Options {
    var seed: UInt64?
    var schedules = 100
    var first: UInt64 = 1
    var isQuiet = false
    var keepsGoing = false
    var sabotage: Sabotage?

    init(_ words: [String]) {
        var words = words[...]
        func number<Number: FixedWidthInteger>() -> Number {
            guard let word = words.popFirst(), let number = Number(word) else { fail(usage) }
            return number
        }
        while let word = words.popFirst() {
            switch word {
            case "--seed": seed = number()
            case "--schedules": schedules = number()
            case "--from": first = number()
            case "--quiet": isQuiet = true
            case "--keep-going": keepsGoing = true
            case "--sabotage":
                let name = words.popFirst()
                guard let kind = Sabotage.allCases.first(where: { "\($0)" == name }) else {
                    fail(Sabotage.allCases.map { "\($0)" }.joined(separator: "\n"))
                }
                sabotage = kind
            default: fail(usage)
            }
        }
    }
}

func replay(_ seed: UInt64, _ options: Options) -> Never {
    let outcome = Simulation.run(
        seed: seed, sabotage: options.sabotage, trace: options.isQuiet ? nil : { print($0) })
    guard let violation = outcome.violation else {
        print("seed \(seed): no rule broken in \(outcome.steps) steps")
        exit(0)
    }
    print("seed \(seed): \(violation.rule.rawValue): \(violation.text)")
    exit(1)
}

func runMany(_ options: Options) -> Never {
    let clock = ContinuousClock()
    let start = clock.now
    func elapsedMilliseconds() -> Int {
        let (seconds, attoseconds) = (clock.now - start).components
        return Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000)
    }
    let isTerminal = isatty(1) == 1
    var campaign = Campaign()
    // In batches, so that progress is shown and the first violation ends the run, with the same result on any machine.
    let batch = 64
    var done = 0
    while done < options.schedules, campaign.violations.isEmpty || options.keepsGoing {
        let base = options.first + UInt64(done)
        let count = min(batch, options.schedules - done)
        for outcome in outcomes(from: base, count: count, options.sabotage) {
            campaign.add(outcome)
            guard let violation = outcome.violation else { continue }
            print("\(isTerminal ? "\r" : "")seed \(outcome.seed): \(violation.rule.rawValue): \(violation.text)")
        }
        done += count
        if isTerminal {
            print("\r\(campaign.progress(elapsedMilliseconds: elapsedMilliseconds()))   ", terminator: "")
            fflush(nil)
        }
    }
    if isTerminal { print() }
    print(campaign.summary(elapsedMilliseconds: elapsedMilliseconds()))
    if let first = campaign.violations.first {
        print("replay with: sentinel-simulate --seed \(first.seed)")
        exit(1)
    }
    exit(0)
}

/// Runs seeds on all cores; the outcomes come in the order of the seeds.
func outcomes(from base: UInt64, count: Int, _ sabotage: Sabotage?) -> [Outcome] {
    let results = DispatchQueue(label: "results")
    // Safe: touched only on the serial queue above, and read after all iterations have ended.
    nonisolated(unsafe) var outcomes: [Outcome?] = Array(repeating: nil, count: count)
    DispatchQueue.concurrentPerform(iterations: count) { index in
        let outcome = Simulation.run(seed: base + UInt64(index), sabotage: sabotage)
        results.sync { outcomes[index] = outcome }
    }
    return outcomes.compactMap(\.self)
}

let options = Options(Array(CommandLine.arguments.dropFirst()))
if let seed = options.seed { replay(seed, options) }
runMany(options)
