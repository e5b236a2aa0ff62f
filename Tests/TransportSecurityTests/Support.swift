// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import SentinelConfiguration
import SentinelCore
import TestCertificates
import Testing

@testable import EventLoop
@testable import TransportSecurity

/// All suites of the target, one test at a time: they share the library, the main queue and the process's descriptors.
@Suite(.serialized, .timeLimit(.minutes(1)))
enum `Transport security` {}

struct TimedOut: Error {}

/// Lets the main queue run until `condition` holds; fails after twenty seconds.
func eventually(_ condition: () -> Bool) async throws {
    let limit = MonotonicClock.now + 20_000_000_000
    while !condition() {
        guard MonotonicClock.now < limit else { throw TimedOut() }
        await withCheckedContinuation { continuation in
            DispatchQueue.main.asyncAfter(deadline: .now() + .milliseconds(1)) { continuation.resume() }
        }
    }
}

func certificates() throws -> Certificates { try Certificates.shared.get() }

/// Settings of a process that listens and connects with certificates of one authority.
func settings(_ change: (inout TLSSettings) -> Void = { _ in }) throws -> TLSSettings {
    let files = try certificates()
    var settings = TLSSettings()
    settings.port = 1
    settings.isUsedForLinks = true
    settings.certificateFile = files["server.crt"]
    settings.keyFile = files["server.key"]
    settings.authorityFile = files["ca.crt"]
    change(&settings)
    return settings
}

func makeTLS(_ change: (inout TLSSettings) -> Void = { _ in }) throws -> TLS {
    try #require(try TLS.load(settings(change)))
}

/// Hands what each end says to the other until neither says anything; one that has failed only speaks.
func exchange(
    _ client: any StreamSecurity, _ server: any StreamSecurity
) -> (client: Result<Bool, SecurityFailure>, server: Result<Bool, SecurityFailure>) {
    var results: (client: Result<Bool, SecurityFailure>, server: Result<Bool, SecurityFailure>) = (
        .success(false), .success(false)
    )
    for _ in 0..<10 {
        if case .success = results.client { results.client = shake(client, hearing: server) }
        if case .success = results.server { results.server = shake(server, hearing: client) }
    }
    return results
}

private func shake(_ end: any StreamSecurity, hearing other: any StreamSecurity) -> Result<Bool, SecurityFailure> {
    Result { () throws(SecurityFailure) in
        try pass(from: other, to: end)
        return try end.shakeHands()
    }
}

/// Carries what `sender` has to say, and what was sealed, to `receiver`.
func pass(from sender: any StreamSecurity, to receiver: any StreamSecurity) throws(SecurityFailure) {
    var wire = OutputBuffer()
    sender.speak(into: &wire)
    try deliver(wire, to: receiver)
}

func deliver(_ wire: OutputBuffer, to receiver: any StreamSecurity) throws(SecurityFailure) {
    try wire.withUnsafeBytes { bytes in
        Result<Void, SecurityFailure> { () throws(SecurityFailure) in try receiver.receive(bytes) }
    }.get()
}

func receive(_ bytes: [UInt8], _ receiver: any StreamSecurity) throws(SecurityFailure) {
    var wire = OutputBuffer()
    bytes.withUnsafeBytes { wire.append($0) }
    try deliver(wire, to: receiver)
}

/// Opens all that is there.
func openAll(_ end: any StreamSecurity) throws(SecurityFailure) -> [UInt8] {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 16 * 1024, alignment: 16)
    defer { buffer.deallocate() }
    var opened: [UInt8] = []
    while case .bytes(let count) = try end.open(into: buffer) { opened += buffer[..<count] }
    return opened
}

func seal(_ bytes: [UInt8], _ end: any StreamSecurity) throws(SecurityFailure) -> OutputBuffer {
    var wire = OutputBuffer()
    let result = bytes.withUnsafeBytes { bytes in
        Result<Void, SecurityFailure> { () throws(SecurityFailure) in try end.seal(bytes, into: &wire) }
    }
    try result.get()
    return wire
}

/// `count` bytes in which a lost, doubled or displaced part shows.
func pattern(_ count: Int) -> [UInt8] {
    let block = (0..<min(count, 65_521)).map { UInt8(truncatingIfNeeded: $0 ^ $0 >> 8) }
    return Array(repeatElement(block, count: count / max(1, block.count) + 1).joined().prefix(count))
}
