// SPDX-License-Identifier: Apache-2.0

// What is different where a connection is secured.
//
// Between the kernel and the owner stands the security: what is read is opened, what is written is sealed just before
// it is sent, at most one piece ahead of the kernel, so that the backlog an owner sees stays its own. While the
// handshake waits for its turn nothing is read, so that nobody can pile up bytes here before being let in.

extension Connection {
    /// The handshake's place among those under way.
    struct Handshake {
        let number: UInt64
        let isOutgoing: Bool
        /// Whether it waits for its turn to go on.
        var isQueued = false
    }

    private static let bytesSealedAtOnce = 64 * 1024
    /// Bytes that may wait to be read which nobody wrote: the protocol answers some records by itself.
    private static let longestUnread = 4 * bytesSealedAtOnce

    // MARK: Handshake

    func beginHandshake(isOutgoing: Bool) {
        handshake = Handshake(number: poller.handshakes.begin(self), isOutgoing: isOutgoing)
        if isOutgoing { queueHandshake() }
    }

    private func queueHandshake() {
        guard let handshake, !handshake.isQueued else { return }
        self.handshake?.isQueued = true
        updateInterest()
        poller.handshakes.queue(self, isOutgoing: handshake.isOutgoing)
    }

    func receiveHandshake(from descriptor: Descriptor) {
        guard handshake?.isQueued == false else { return }
        do throws(SystemError) {
            switch try System.receive(descriptor, into: poller.readBuffer) {
            case .bytes(let count):
                do throws(SecurityFailure) {
                    try security?.receive(UnsafeRawBufferPointer(rebasing: poller.readBuffer[..<count]))
                } catch {
                    return handshakeFailed(error)
                }
                queueHandshake()
            case .endOfStream: end(.insecure(.abandoned))
            case .wouldBlock: break
            }
        } catch {
            end(.failed(error))
        }
    }

    /// Its turn has come.
    func continueHandshake() {
        guard case .securing(let descriptor) = state, let security, handshake?.isQueued == true else { return }
        handshake?.isQueued = false
        let isDone: Bool
        do throws(SecurityFailure) {
            isDone = try security.shakeHands()
        } catch {
            return handshakeFailed(error)
        }
        security.speak(into: &output)
        guard isDone else {
            flush()
            return updateInterest()
        }
        endHandshake()
        becomeOpen(descriptor)
        openReceived()
    }

    /// Ends the connection; the other end is told why if it takes so few bytes at once.
    func handshakeFailed(_ failure: SecurityFailure) {
        guard isSecuring else { return }
        if failure != .plaintext { security?.speak(into: &output) }
        sendLastBytes()
        end(.insecure(failure))
    }

    private func endHandshake() {
        if let handshake { poller.handshakes.end(handshake.number) }
    }

    // MARK: Bytes

    /// Gives the owner what was read, opened if that is needed.
    func handOver(_ wire: UnsafeRawBufferPointer) {
        guard let security else {
            delegate?.connection(self, didReceive: wire)
            return
        }
        do throws(SecurityFailure) {
            try security.receive(wire)
        } catch {
            return end(.insecure(error))
        }
        openReceived()
    }

    /// Opens all that has been read, unless the owner wants nothing now.
    func openReceived() {
        guard let security else { return }
        let buffer = poller.openedBuffer
        while isOpen, !isReadingPaused {
            do throws(SecurityFailure) {
                switch try security.open(into: buffer) {
                case .bytes(let count):
                    delegate?.connection(self, didReceive: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                case .needsMore:
                    security.speak(into: &output)
                    guard output.count <= Self.longestUnread else {
                        return end(.insecure(.failed("answers of the protocol itself are not read")))
                    }
                    return queueFlush()
                case .endOfStream: return inputEnded()
                }
            } catch {
                security.speak(into: &output)
                sendLastBytes()
                return end(.insecure(error))
            }
        }
    }

    /// Whether there is something to send; what waits is sealed piece by piece.
    func hasOutput() -> Bool {
        guard output.isEmpty, let security else { return !output.isEmpty }
        switch state {
        case .open, .finishing: break
        case .connecting, .securing, .failed, .closed: return false
        }
        guard !unsealed.isEmpty else { return false }
        let result = unsealed.withUnsafeBytes { bytes in
            let piece = UnsafeRawBufferPointer(rebasing: bytes.prefix(Self.bytesSealedAtOnce))
            return Result<Void, SecurityFailure> { () throws(SecurityFailure) in
                try security.seal(piece, into: &output)
            }
        }
        unsealed.removeFirst(min(unsealed.count, Self.bytesSealedAtOnce))
        if case .failure(let failure) = result { end(.insecure(failure)) }
        return !output.isEmpty
    }

    /// Takes leave of the other end, as far as it takes it at once, and of the security.
    func leaveSecurity() {
        guard let security else { return }
        switch state {
        case .open, .finishing:
            if unsealed.isEmpty {
                security.sayGoodbye()
                security.speak(into: &output)
                sendLastBytes()
            }
        case .connecting, .securing, .failed, .closed: break
        }
        endHandshake()
        security.end()
    }

    /// Sends what is sealed as far as the kernel takes it in one go.
    private func sendLastBytes() {
        switch state {
        case .securing(let descriptor), .open(let descriptor), .finishing(let descriptor):
            guard !output.isEmpty else { return }
            output.withUnsafeBytes { bytes in _ = try? System.send(descriptor, bytes) }
            output.removeAll()
        case .connecting, .failed, .closed: break
        }
    }
}
