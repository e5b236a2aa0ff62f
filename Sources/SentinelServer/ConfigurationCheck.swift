// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SentinelConfiguration
import SentinelCore
import TransportSecurity

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
        let security = Self.checkSecurity(configuration.server.tls)
        let ignored = [LinkSource(configuration.server).warning].compactMap(\.self)
        let notLogging = Self.adviceOnLog(configuration.server)
        advice = configuration.warnings.map(\.text) + unwise + notWritable + notLogging + security.advice + ignored
        refusal =
            security.refusal ?? Self.refusalOfAccess(configuration.server)
            ?? Self.refusalOfListeners(configuration.server)
        let masters = configuration.sentinel.masters.count
        verdict = "\(path) can be used: \(masters) \(masters == 1 ? "master" : "masters")"
    }

    /// Loads all that TLS needs.
    private static func checkSecurity(_ settings: TLSSettings) -> (advice: [String], refusal: String?) {
        do throws(TLSError) {
            return (try TLS.load(settings)?.warnings ?? [], nil)
        } catch {
            return ([], "Failed to configure TLS: \(error)")
        }
    }

    /// Nothing is made, so this is less than what a start finds out.
    private static func adviceOnLog(_ settings: ServerSettings) -> [String] {
        guard !settings.logFile.isEmpty else { return [] }
        do throws(SystemError) {
            try ProcessFacts.canMake(settings.logFile)
            return []
        } catch {
            return ["As this user: Can't open the log file: \(error.message)"]
        }
    }

    private static func refusalOfListeners(_ settings: ServerSettings) -> String? {
        do throws(Listeners.Refusal) {
            try Listeners.check(settings)
            return nil
        } catch {
            return error.text
        }
    }

    private static func refusalOfAccess(_ settings: ServerSettings) -> String? {
        do throws(Access.StartError) {
            _ = try Access(settings)
            return nil
        } catch {
            return "Aborting Redis startup because of ACL errors: \(error.text)"
        }
    }
}
