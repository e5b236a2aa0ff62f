// SPDX-License-Identifier: Apache-2.0

import Dispatch
import SentinelSimulation
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

let usage = """
    usage: sentinel-simulate --seed N                        one schedule, with its trace
           sentinel-simulate --seed N --shrink               makes one that breaks a rule smaller
           sentinel-simulate --schedules M [--from S]        many, on all cores, until a rule is broken
           sentinel-simulate --kept                          the seeds that once broke a rule
           sentinel-simulate --see [--schedules M]           that each defect it can be given is seen within M
           options: --quiet (no trace), --keep-going (after violations), --sabotage KIND (see that it is caught),
                    --without WORDS (what --shrink left out), --only TRAIT (of the seeds, those whose schedules have it),
                    --except TRAIT (those whose schedules don't)
    """

func fail(_ text: String) -> Never {
    print(text)
    exit(2)
}

func choice<Kind: CaseIterable>(_ name: String?) -> Kind {
    guard let kind = Kind.allCases.first(where: { "\($0)" == name }) else {
        fail(Kind.allCases.map { "\($0)" }.joined(separator: "\n"))
    }
    return kind
}

/// The words of the command line.
struct Options {
    var seed: UInt64 = 1
    var schedules = 100
    var first: UInt64 = 1
    var isQuiet = false
    var keepsGoing = false
    var sabotage: Sabotage?
    var isWanted = { (_: UInt64) in true }
    var mode = Mode.many

    var reduction = Reduction()

    enum Mode { case one, shrink, many, kept, see }

    init(_ words: [String]) {
        var words = words[...]
        func number<Number: FixedWidthInteger>() -> Number {
            guard let word = words.popFirst(), let number = Number(word) else { fail(usage) }
            return number
        }
        while let word = words.popFirst() {
            switch word {
            case "--seed":
                seed = number()
                if mode != .shrink { mode = .one }
            case "--shrink": mode = .shrink
            case "--without":
                guard let word = words.popFirst(), let reduction = Reduction(text: word) else { fail(usage) }
                self.reduction = reduction
            case "--kept": mode = .kept
            case "--see": mode = .see
            case "--schedules": schedules = number()
            case "--from": first = number()
            case "--quiet": isQuiet = true
            case "--keep-going": keepsGoing = true
            case "--sabotage": sabotage = choice(words.popFirst())
            case "--only", "--except":
                let trait: Trait = choice(words.popFirst())
                isWanted = { Schedule.has(trait, seed: $0) == (word == "--only") }
            default: fail(usage)
            }
        }
    }
}

func replay(_ seed: UInt64, _ options: Options) -> Never {
    let outcome = Simulation.run(
        seed: seed, reduction: options.reduction, sabotage: options.sabotage,
        trace: options.isQuiet ? nil : { print($0) })
    guard let violation = outcome.violation else {
        print("seed \(seed): no rule broken in \(outcome.steps) steps")
        exit(0)
    }
    print("seed \(seed): \(violation.rule.rawValue): \(violation.text)")
    exit(1)
}

func shrink(_ seed: UInt64, _ options: Options) -> Never {
    let smaller = Shrinker.shrink(seed: seed, from: options.reduction, sabotage: options.sabotage) { reduction in
        if !options.isQuiet { print("without \(reduction.text)") }
    }
    guard let smaller, let violation = smaller.outcome.violation else { fail("seed \(seed): no rule broken") }
    print("seed \(seed): \(violation.rule.rawValue): \(violation.text)")
    print("\(smaller.outcome.faults.reduce(0, +)) faults, \(smaller.outcome.steps) steps; replay with:")
    print("sentinel-simulate --seed \(seed)\(sabotageOption(options)) --without \(smaller.reduction.text)")
    exit(1)
}

func sabotageOption(_ options: Options) -> String { options.sabotage.map { " --sabotage \($0)" } ?? "" }

let clock = ContinuousClock()
let start = clock.now

func elapsedMilliseconds() -> Int {
    let (seconds, attoseconds) = (clock.now - start).components
    return Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000)
}

/// Runs seeds in batches, so that progress is shown and a violation that was looked for ends the run, with the same
/// result on any machine.
func run(
    _ seeds: [UInt64], _ sabotage: Sabotage?, batch size: Int, isTalkative: Bool, until isFound: (Outcome) -> Bool
) -> Campaign {
    let isTerminal = isTalkative && isatty(1) == 1
    var campaign = Campaign()
    var nextLine = 60_000
    var rest = seeds[...]
    while !rest.isEmpty, !campaign.violations.contains(where: isFound) {
        let batch = Array(rest.prefix(size))
        rest = rest.dropFirst(size)
        for outcome in outcomes(of: batch, sabotage) {
            campaign.add(outcome)
            guard isTalkative, let violation = outcome.violation else { continue }
            print("\(isTerminal ? "\r" : "")seed \(outcome.seed): \(violation.rule.rawValue): \(violation.text)")
        }
        let elapsed = elapsedMilliseconds()
        if isTerminal {
            print("\r\(campaign.progress(elapsedMilliseconds: elapsed))   ", terminator: "")
        } else if isTalkative, elapsed >= nextLine {
            // A line a minute where nobody watches.
            print(campaign.progress(elapsedMilliseconds: elapsed))
            nextLine = elapsed + 60_000
        }
        fflush(nil)
    }
    if isTerminal { print() }
    return campaign
}

func runMany(_ seeds: [UInt64], _ options: Options) -> Never {
    let campaign = run(seeds, options.sabotage, batch: 64, isTalkative: true) { _ in !options.keepsGoing }
    print(campaign.summary(elapsedMilliseconds: elapsedMilliseconds()))
    if let first = campaign.violations.first {
        print(
            "replay with: sentinel-simulate --seed \(first.seed)\(sabotageOption(options)); --shrink makes it smaller")
        exit(1)
    }
    exit(0)
}

/// Gives the core each defect in turn and looks whether the rule that it breaks is seen broken.
func see(_ seeds: [UInt64]) -> Never {
    var unseen = 0
    for sabotage in Sabotage.allCases {
        let rule = sabotage.breaks
        let campaign = run(seeds, sabotage, batch: 4, isTalkative: false) { $0.violation?.rule == rule }
        if campaign.violations.contains(where: { $0.violation?.rule == rule }) {
            print("\(sabotage): seen within \(campaign.schedules) schedules: \(rule.rawValue)")
        } else {
            print("\(sabotage): NOT SEEN in \(campaign.schedules) schedules")
            unseen += 1
        }
    }
    exit(unseen == 0 ? 0 : 1)
}

/// Runs seeds on all cores; the outcomes come in their order.
func outcomes(of seeds: [UInt64], _ sabotage: Sabotage?) -> [Outcome] {
    let outcomes = Mutex([Outcome?](repeating: nil, count: seeds.count))
    DispatchQueue.concurrentPerform(iterations: seeds.count) { index in
        let outcome = Simulation.run(seed: seeds[index], sabotage: sabotage)
        outcomes.withLock { $0[index] = outcome }
    }
    return outcomes.withLock { $0.compactMap(\.self) }
}

let options = Options(Array(CommandLine.arguments.dropFirst()))
let (end, isHuge) = options.first.addingReportingOverflow(UInt64(clamping: options.schedules))
if isHuge { fail(usage) }
let seeds = (options.first..<end).filter(options.isWanted)
switch options.mode {
case .one: replay(options.seed, options)
case .shrink: shrink(options.seed, options)
case .many: runMany(seeds, options)
case .kept: runMany(KeptSeeds.all, options)
case .see: see(seeds)
}
