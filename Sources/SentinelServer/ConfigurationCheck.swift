// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SentinelConfiguration
import SentinelCore

/// What `--check-config` has to say about a configuration that could be read.
struct ConfigurationCheck {
    /// Sentences to think about, in no way an obstacle.
    let advice: [String]
    /// Why a sentinel would not start all the same.
    let refusal: String?
    let verdict: String

    init(_ configuration: Configuration, path: String) {
        let stateFile = StateFile(configuration, configurationPath: path)
        // Who checks may well be somebody else than who runs it.
        let notWritable = stateFile.refusal.map { ["As this user: \($0)"] } ?? []
        let unwise = configuration.advice(environment: HostEnvironment()).map(\.text)
        advice = configuration.warnings.map(\.text) + unwise + notWritable
        do throws(Access.StartError) {
            _ = try Access(configuration.server)
            refusal = nil
        } catch {
            refusal = "Aborting Redis startup because of ACL errors: \(error.text)"
        }
        let masters = configuration.sentinel.masters.count
        verdict = "\(path) can be used: \(masters) \(masters == 1 ? "master" : "masters")"
    }
}
