// SPDX-License-Identifier: Apache-2.0

package import RESP
package import SentinelCore

/// A reply with many instances, written in pieces, so that a thousand groups neither hold up the loop nor fill the
/// memory of a sentinel whose client reads slowly.
package struct InstanceListing: Sendable {
    /// As they were when they were asked for.
    private let instances: [InstanceDescription]
    private var told = 0

    package init(_ instances: [InstanceDescription]) { self.instances = instances }

    package var isComplete: Bool { told == instances.count }

    /// Appends the next instances, until there are `length` bytes or all are told.
    package mutating func append(to encoder: inout Encoder, upTo length: Int) {
        if told == 0 { encoder.arrayHeader(instances.count) }
        while !isComplete, encoder.bytes.count < length {
            InstanceFields(instances[told]).encode(into: &encoder)
            told += 1
        }
    }
}
