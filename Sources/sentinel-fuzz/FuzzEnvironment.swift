// SPDX-License-Identifier: Apache-2.0

import SentinelConfiguration
import SentinelCore

/// A world in which a few names mean something.
struct FuzzEnvironment: ConfigurationEnvironment {
    var state: [UInt8]?
    var included: [UInt8]

    func isExecutable(_ path: String) -> Bool { path.hasSuffix(".sh") }
    func isNumericAddress(_ host: String) -> Bool { host.utf8.allSatisfy { $0 < 0x3B } && host.utf8.contains(0x2E) }
    func resolves(_ host: String) -> Bool { !host.hasSuffix(".invalid") }
    func enterDirectory(_ path: String) -> String? { path.hasPrefix("/") ? nil : "No such file or directory" }
    func isCommand(_ name: String) -> Bool { ["ping", "info", "get"].contains(name) }
    func included(_ pattern: Word) -> Inclusion { .files([SourceFile(name: "/x", text: included)]) }
    func state(at path: String) -> SavedState { state.map { .text($0) } ?? .absent }
}
