// SPDX-License-Identifier: Apache-2.0

// Reads and rewrites configurations that nobody would write, for as long as it is told to.
//
//     sentinel-fuzz [--seconds 60] [--seed 1] [--from 0]
//
// A trap or what a sanitizer finds ends it with a signal. It leaves with status 1 when a configuration that was
// accepted does not come back from its own rewriting, when rewriting twice gives something else than once, or when one
// input takes more than two seconds of the processor; the input is printed, and the seed and number that lead to it
// again. So it does when fewer than a twentieth of the inputs were accepted, a tenth being usual: what is refused is
// not rewritten, and little was tried then.

import SentinelConfiguration
import SentinelCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What is wrong with what became of one input; counts it if it was accepted.
func fault(in input: FuzzInput, accepted: inout Int) -> String? {
    let environment = FuzzEnvironment(state: input.state, included: input.included)
    let sources = ConfigurationSources(
        file: SourceFile(name: "/f", text: input.file), standardInput: input.standardInput, options: input.options)
    let configuration: Configuration
    do {
        configuration = try Configuration.read(sources, environment: environment)
    } catch {
        // What is said about it must not trap either.
        _ = error.report(version: "Redis")
        _ = Rewriter.rewrite(old: input.file, configuration: Configuration())
        return nil
    }
    accepted += 1
    let once = configuration.saved(over: input.file)
    if configuration.saved(over: once) != once { return "rewriting twice differs from once" }
    let isSeparate = !configuration.server.stateFile.isEmpty
    var again = sources
    if !isSeparate { again = ConfigurationSources(file: SourceFile(name: "/f", text: once)) }
    let environmentThen = FuzzEnvironment(state: isSeparate ? once : input.state, included: input.included)
    do {
        let back = try Configuration.read(again, environment: environmentThen)
        guard comparable(back) == comparable(configuration) else { return "what was written reads differently" }
    } catch {
        return "what was written is refused: " + String(decoding: error.report(version: "Redis"), as: UTF8.self)
    }
    return nil
}

/// The parts that must survive, in an order that does not depend on the file's.
func comparable(_ configuration: Configuration) -> [String] {
    var settings = configuration.sentinel
    let masters = settings.masters.map { master -> String in
        var master = master
        let replicas = master.knownReplicas.map { "\($0)" }.sorted()
        let sentinels = master.knownSentinels.map { "\($0)" }.sorted()
        let renamed = master.renamedCommands.map { "\($0)" }.sorted()
        let password = master.authPassword.map { "\($0.reveal())" } ?? "none"
        (master.knownReplicas, master.knownSentinels, master.renamedCommands) = ([], [], [])
        return "\(master) \(replicas) \(sentinels) \(renamed) \(password)"
    }
    settings.masters = []
    return masters.sorted() + ["\(settings)", "\(settings.sentinelPassword.map { "\($0.reveal())" } ?? "none")"]
}

func seconds(of clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

func option(_ name: String, default fallback: UInt64) -> UInt64 {
    guard let index = CommandLine.arguments.firstIndex(of: name), index + 1 < CommandLine.arguments.count,
        let value = UInt64(CommandLine.arguments[index + 1])
    else { return fallback }
    return value
}

/// Tells how far it is, at once.
func tellProgress(seed: UInt64, number: UInt64) {
    print("seed \(seed), number \(number)")
    fflush(nil)
}

let seed = option("--seed", default: 1)
let end = seconds(of: CLOCK_MONOTONIC) + Double(option("--seconds", default: 60))
var accepted = 0
var number: UInt64 = option("--from", default: 0)
let first = number
while seconds(of: CLOCK_MONOTONIC) < end {
    let input = FuzzInput(seed: seed, number: number)
    // Of the processor, for the machine may be busy with other things.
    let begin = seconds(of: CLOCK_PROCESS_CPUTIME_ID)
    // A hang ends the process by a signal; the last progress says where to look for it.
    alarm(60)
    let fault = fault(in: input, accepted: &accepted)
    let spent = seconds(of: CLOCK_PROCESS_CPUTIME_ID) - begin
    if let fault = fault ?? (spent > 2 ? "it took \(spent) seconds" : nil) {
        print("seed \(seed), number \(number): \(fault)\n\(input)")
        // At once: what a sanitizer finds at the exit ends the process before the output is written.
        fflush(nil)
        exit(1)
    }
    number += 1
    if number.isMultiple(of: 1_000) { tellProgress(seed: seed, number: number) }
}
let count = number - first
print("\(count) inputs from seed \(seed), \(accepted) of them accepted: no fault")
// A handful, as when one of them is looked at, may happen to be refused.
if count >= 1_000, UInt64(accepted) * 20 < count {
    print("fewer than a twentieth were accepted: the inputs, or what reads them, are not what they were")
    exit(1)
}
