// SPDX-License-Identifier: Apache-2.0

/// Bytes that wait to be sent: appended at the end, taken from the front, each byte moved a bounded number of times.
package nonisolated struct OutputBuffer {
    private static let keptCapacity = 16 * 1024

    private var bytes: [UInt8] = []
    private var start = 0

    package init() {}

    package var count: Int { bytes.count - start }
    package var isEmpty: Bool { bytes.count == start }

    package mutating func append(_ more: UnsafeRawBufferPointer) { bytes.append(contentsOf: more) }

    package mutating func append(_ more: [UInt8]) { bytes.append(contentsOf: more) }

    /// Lets `body` append in place. It must not remove anything.
    mutating func append(_ body: (inout [UInt8]) -> Void) {
        let before = bytes.count
        body(&bytes)
        precondition(bytes.count >= before, "only appending to the output is allowed")
    }

    package func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[start...])) }
    }

    /// Has the kernel take as much as it does at once; what it took is not dropped yet.
    func send(to descriptor: Descriptor) throws(SystemError) -> Transfer {
        try withUnsafeBytes { bytes in
            Result<Transfer, SystemError> { () throws(SystemError) in try System.send(descriptor, bytes) }
        }.get()
    }

    /// Drops the first `count` bytes.
    ///
    /// The gap at the front is closed only once it is at least as long as what is left: then the bytes moved were paid
    /// for by the bytes dropped. Memory of an unusually long backlog is given back.
    package mutating func removeFirst(_ count: Int) {
        start += count
        if start == bytes.count {
            bytes.removeAll(keepingCapacity: bytes.capacity <= Self.keptCapacity)
            start = 0
        } else if start >= Self.keptCapacity, start >= bytes.count - start {
            bytes.removeSubrange(..<start)
            start = 0
        }
    }

    mutating func removeAll() {
        bytes = []
        start = 0
    }
}
