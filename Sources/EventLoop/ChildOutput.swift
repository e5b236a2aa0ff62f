// SPDX-License-Identifier: Apache-2.0

// A child that writes without end must not fill the disk our own output goes to. So it writes to a pipe: what comes
// first is passed on, the rest is read and dropped, slowly enough not to hold up the main queue. It ends when the last
// process that has the other end does, which may be later than the child.
//
// Our own output may be a pipe that nobody reads. It can't be made non-blocking, for others write to it too, so it is
// asked before each piece whether it takes one, and what it does not take is dropped.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// One output of a child: its beginning is passed on to ours.
final class ChildOutput: PollerClient {
    /// The child's end; closed here once the child has it.
    let childEnd: Descriptor

    private let ownEnd: Descriptor
    private let target: Descriptor
    private let poller: Poller
    /// Bytes that may still be passed on.
    private var left: Int
    private var pause: DeadlineTimer?

    /// Bytes that were to be passed on and were not taken, of all children so far.
    private(set) static var droppedBytes = 0

    private static let chunk = 64 * 1024
    /// A pipe that is writable takes as much without waiting. - Source: POSIX, write.
    private static let piece = Int(PIPE_BUF)
    /// Between two chunks that are dropped, which makes 3 MB/s.
    private static let pauseNanoseconds: UInt64 = 20_000_000

    /// - Parameters:
    ///   - limit: How many bytes are passed on.
    ///   - target: Where to; an output of this process.
    init(limit: Int, to target: Descriptor, poller: Poller) throws(SystemError) {
        (ownEnd, childEnd) = try System.makePipe()
        self.target = target
        self.poller = poller
        left = limit
        do throws(SystemError) {
            try poller.add(ownEnd, interest: .readable, client: self)
        } catch {
            System.close(ownEnd)
            System.close(childEnd)
            throw error
        }
    }

    func descriptorIsReady(_ readiness: Readiness) { readChunk() }

    private func readChunk() {
        var bytes = [UInt8](repeating: 0, count: Self.chunk)
        guard let transfer = try? System.readSome(ownEnd, into: &bytes), transfer != .endOfStream else {
            return close()
        }
        guard case .bytes(let count) = transfer else { return }
        if left > 0 {
            passOn(bytes[..<min(count, left)])
            left = max(0, left - count)
            guard left == 0 else { return }
            passOn(Array("\n(the rest of a script's output is dropped)\n".utf8)[...])
            try? poller.setInterest([], for: ownEnd)
            pause = DeadlineTimer { [weak self] in self?.dropChunk() }
        }
        pause?.schedule(at: MonotonicClock.now + Self.pauseNanoseconds)
    }

    /// Writes to our own output as much as it takes without waiting.
    private func passOn(_ bytes: ArraySlice<UInt8>) {
        var rest = bytes
        while !rest.isEmpty, System.isWritable(target),
            case .bytes(let count)? = try? System.writeSome(target, rest.prefix(Self.piece))
        {
            rest = rest.dropFirst(count)
        }
        Self.droppedBytes += rest.count
    }

    private func dropChunk() {
        readChunk()
        // Nothing there right now: look again, for the descriptor is no longer watched.
        if left == 0 { pause?.schedule(at: MonotonicClock.now + Self.pauseNanoseconds) }
    }

    private func close() {
        pause?.cancel()
        pause = nil
        poller.close(ownEnd)
    }
}
