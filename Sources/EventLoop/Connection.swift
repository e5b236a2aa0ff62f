// SPDX-License-Identifier: Apache-2.0

import Dispatch

/// A non-blocking stream over TCP or a unix socket, secured or not.
///
/// From its making until it is closed the poller keeps it alive, so the owner's `close()` (or the connection's own end)
/// is what ends its life, not letting go of it. What is written waits until the events at hand are handled and leaves
/// in one piece; what the other end cannot take yet waits in a backlog the owner has to keep an eye on.
package final class Connection: PollerClient, Flushable {
    enum State {
        case connecting(Descriptor)
        /// The transport stands, the handshake of its security does not yet.
        case securing(Descriptor)
        case open(Descriptor)
        /// The owner has let go of it; only the backlog is still to be sent.
        case finishing(Descriptor)
        /// Connecting failed at once; the delegate hears of it in a turn of its own.
        case failed
        case closed
    }

    private static let readsPerTurn = 4
    private static let bytesSentPerTurn = 1 << 20
    private static let finishingNanoseconds: UInt64 = 10_000_000_000
    /// How many connections may still send while nobody owns them any more.
    private static let finishingLimit = 128

    package weak var delegate: (any ConnectionDelegate)?
    /// The other end's address; `nil` for an accepted connection whose peer is of no known kind.
    package let remoteAddress: SocketAddress?

    let poller: Poller
    var state: State
    /// What the kernel is to take next; sealed already where the connection is secured.
    var output = OutputBuffer()
    /// `nil` for a plain connection.
    let security: (any StreamSecurity)?
    /// What was written to a secured connection and waits to be sealed.
    var unsealed = OutputBuffer()
    /// The handshake's place among those under way.
    var handshake: Handshake?
    /// Whether the connection stands in the flush queue.
    private var isFlushQueued = false
    /// Whether the last send met a full socket buffer, so that writability has to be waited for.
    private var isBlocked = false
    private(set) var isReadingPaused = false
    /// Why nothing can be sent any more, while there may still be something to read.
    private var sendError: SystemError?

    /// Starts to connect to `address`, from `source` if given; a failure of any kind is told to the delegate later.
    ///
    /// - Parameter security: Made for this connection, which then counts as connected once the handshake is done.
    package init(
        connectingTo address: SocketAddress, from source: SocketAddress? = nil,
        options: ConnectionOptions = ConnectionOptions(), security: (any StreamSecurity)? = nil,
        delegate: (any ConnectionDelegate)?, poller: Poller = .main
    ) {
        self.delegate = delegate
        self.security = security
        self.poller = poller
        remoteAddress = address
        state = .failed
        do throws(SystemError) {
            let descriptor = try Self.startConnecting(to: address, from: source, options)
            do throws(SystemError) {
                try poller.add(descriptor, interest: .writable, isPatient: true, client: self)
            } catch {
                System.close(descriptor)
                throw error
            }
            state = .connecting(descriptor)
        } catch {
            DispatchQueue.main.async { self.reportFailedStart(error) }
        }
    }

    /// Takes over a socket a listener has accepted.
    ///
    /// - Parameter security: Made for this connection; the delegate hears that it is connected when the handshake is
    ///   done, and before that only of its end.
    /// - Throws: What the poller had against it; the descriptor is closed then.
    init(
        accepted descriptor: Descriptor, from remoteAddress: SocketAddress?, options: ConnectionOptions,
        security: (any StreamSecurity)? = nil, poller: Poller
    ) throws(SystemError) {
        self.poller = poller
        self.remoteAddress = remoteAddress
        self.security = security
        state = security == nil ? .open(descriptor) : .securing(descriptor)
        if let family = remoteAddress?.family { options.apply(to: descriptor, family) }
        do throws(SystemError) {
            try poller.add(descriptor, interest: .readable, client: self)
        } catch {
            state = .closed
            System.close(descriptor)
            security?.end()
            throw error
        }
        if security != nil { beginHandshake(isOutgoing: false) }
    }

    // MARK: What the owner asks

    /// Whether bytes can come and go.
    package var isOpen: Bool { if case .open = state { true } else { false } }

    /// This end's address, or `nil` while there is none to be told.
    package var localAddress: SocketAddress? {
        switch state {
        case .securing(let descriptor), .open(let descriptor), .finishing(let descriptor):
            System.localAddress(descriptor)
        case .connecting, .failed, .closed: nil
        }
    }

    /// The descriptor's number, for people to read; -1 while there is none.
    package var descriptorNumber: Int32 {
        switch state {
        case .connecting(let descriptor), .securing(let descriptor), .open(let descriptor), .finishing(let descriptor):
            descriptor.number
        case .failed, .closed: -1
        }
    }

    /// Whether the transport stands and the handshake does not.
    var isSecuring: Bool { if case .securing = state { true } else { false } }

    /// Whether it is the other end that keeps the handshake waiting.
    package var awaitsHandshake: Bool { isSecuring && handshake?.isQueued == false }

    /// Whether the other end will send nothing more, whatever of it has not been read yet.
    package var hasEndedSending: Bool {
        guard case .open(let descriptor) = state else { return true }
        return System.hasEndedSending(descriptor)
    }

    /// Bytes written and not yet taken by the kernel.
    package var backlogBytes: Int { output.count + unsealed.count }

    /// Sends `bytes` after all that was written before; while connecting they wait, once closed they are dropped.
    package func write(_ bytes: [UInt8]) {
        guard acceptsOutput else { return }
        if security == nil { output.append(bytes) } else { unsealed.append(bytes) }
        queueFlush()
    }

    /// Like `write(_:)` for an array.
    package func write(_ bytes: UnsafeRawBufferPointer) {
        guard acceptsOutput else { return }
        if security == nil { output.append(bytes) } else { unsealed.append(bytes) }
        queueFlush()
    }

    /// Like `write(_:)`, for one that appends to the output itself.
    package func append(_ body: (inout [UInt8]) -> Void) {
        guard acceptsOutput else { return }
        if security == nil { output.append(body) } else { unsealed.append(body) }
        queueFlush()
    }

    /// Leaves what comes in with the kernel, and in the end with the sender.
    package func pauseReading() {
        guard !isReadingPaused else { return }
        isReadingPaused = true
        updateInterest()
    }

    package func resumeReading() {
        guard isReadingPaused else { return }
        isReadingPaused = false
        updateInterest()
        if security != nil { DispatchQueue.main.async { self.openReceived() } }
        if sendError != nil {
            DispatchQueue.main.async { self.readRest() }
        }
    }

    /// Ends the connection at once; what was not sent is lost, and the delegate hears nothing more.
    package func close() {
        leaveSecurity()
        if case .finishing = state { poller.finishingCount -= 1 }
        switch state {
        case .connecting(let descriptor), .securing(let descriptor), .open(let descriptor), .finishing(let descriptor):
            poller.close(descriptor)
        case .failed, .closed: break
        }
        state = .closed
        output.removeAll()
        unsealed.removeAll()
        delegate = nil
    }

    /// Ends the connection at once; of what was written, as much is sent as the kernel takes without waiting.
    package func closeAfterSending() {
        delegate = nil
        if isOpen { flush() }
        close()
    }

    /// Ends the connection as soon as all that was written is sent, or the other end has read nothing for ten seconds.
    ///
    /// From here on the delegate hears nothing more and nothing is read. While still connecting it is `close()`, and
    /// when very many others are about to end in this way it is `closeAfterSending()`, for nobody counts them.
    package func closeAfterFlush() {
        guard case .open(let descriptor) = state, backlogBytes > 0, sendError == nil else {
            if case .finishing = state { return }
            return close()
        }
        guard poller.finishingCount < Self.finishingLimit else { return closeAfterSending() }
        poller.finishingCount += 1
        state = .finishing(descriptor)
        delegate = nil
        updateInterest()
        closeUnlessRead(from: backlogBytes)
    }

    private func closeUnlessRead(from backlog: Int) {
        poller.deadlines.after(Self.finishingNanoseconds) { [weak self] in
            guard let self, case .finishing = self.state else { return }
            guard self.backlogBytes < backlog else { return self.close() }
            self.closeUnlessRead(from: self.backlogBytes)
        }
    }

    // MARK: What the poller tells

    func descriptorIsReady(_ readiness: Readiness) {
        switch state {
        case .connecting(let descriptor):
            finishConnecting(descriptor)
        case .securing(let descriptor):
            if !readiness.isDisjoint(with: [.readable, .hungUp]) { receiveHandshake(from: descriptor) }
            if readiness.contains(.writable) { flush() }
        case .open(let descriptor):
            if !readiness.isDisjoint(with: [.readable, .hungUp]) {
                receive(from: descriptor, untilEnd: readiness.contains(.hungUp))
            }
            if readiness.contains(.writable) { flush() }
        case .finishing:
            flush()
        case .failed, .closed: break
        }
    }

    /// Sends what waits, as far as the kernel takes it.
    func flush() {
        isFlushQueued = false
        let descriptor: Descriptor
        switch state {
        case .securing(let open), .open(let open), .finishing(let open): descriptor = open
        case .connecting, .failed, .closed: return
        }
        var allowance = Self.bytesSentPerTurn
        while hasOutput() {
            do throws(SystemError) {
                guard allowance > 0, case .bytes(let count) = try output.send(to: descriptor) else {
                    isBlocked = true
                    return updateInterest()
                }
                output.removeFirst(count)
                allowance -= count
            } catch {
                return sendingFailed(error)
            }
        }
        if case .finishing = state { return close() }
        guard isBlocked else { return }
        isBlocked = false
        updateInterest()
        if isOpen { delegate?.connectionDidDrain(self) }
    }
}

// MARK: - Connecting

extension Connection {
    private static func startConnecting(
        to address: SocketAddress, from source: SocketAddress?, _ options: ConnectionOptions
    ) throws(SystemError) -> Descriptor {
        let descriptor = try System.streamSocket(address.family)
        do throws(SystemError) {
            options.apply(to: descriptor, address.family)
            if let source {
                if source.port == 0, source.family == address.family {
                    try? System.bindAddressWithoutPort(descriptor)
                }
                try System.bind(descriptor, to: source)
            }
            try System.startConnecting(descriptor, to: address)
            return descriptor
        } catch {
            System.close(descriptor)
            throw error
        }
    }

    private func finishConnecting(_ descriptor: Descriptor) {
        do throws(SystemError) {
            let code = try System.pendingError(descriptor)
            guard code == 0 else { throw SystemError(call: "connect", errno: code) }
            guard !isConnectedToItself(descriptor) else { throw System.connectionRefused }
        } catch {
            return end(.connectFailed(error))
        }
        guard security == nil else {
            state = .securing(descriptor)
            return beginHandshake(isOutgoing: true)
        }
        becomeOpen(descriptor)
    }

    /// From here on bytes come and go.
    func becomeOpen(_ descriptor: Descriptor) {
        state = .open(descriptor)
        updateInterest()
        queueFlush()
        delegate?.connectionDidConnect(self)
    }

    /// Whether TCP has connected the socket to itself.
    ///
    /// It does so when nobody listens on a local port from the ephemeral range and the kernel happens to pick that very
    /// port for our end; someone who tries again each second gets there. Nobody listens, so it counts as refused.
    private func isConnectedToItself(_ descriptor: Descriptor) -> Bool {
        guard let remoteAddress, remoteAddress.family != .unix else { return false }
        return System.localAddress(descriptor) == remoteAddress
    }

    private func reportFailedStart(_ error: SystemError) {
        guard case .failed = state else { return }
        end(.connectFailed(error))
    }
}

// MARK: - Reading

extension Connection {
    /// Hands what came in to the delegate, up to the limit of one turn.
    ///
    /// A read that did not fill the buffer is taken for the last: if it was not, the poller reports again. After a
    /// hang-up it goes on until the end is seen.
    private func receive(from descriptor: Descriptor, untilEnd: Bool) {
        let buffer = poller.readBuffer
        for _ in 0..<Self.readsPerTurn {
            guard isOpen, !isReadingPaused else { return }
            do throws(SystemError) {
                switch try System.receive(descriptor, into: buffer) {
                case .bytes(let count):
                    handOver(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                    if count < buffer.count && !untilEnd { return }
                case .endOfStream:
                    return inputEnded()
                case .wouldBlock:
                    if let sendError { end(.failed(sendError)) }
                    return
                }
            } catch {
                return end(.failed(error))
            }
        }
    }

    /// Ends the connection, since nothing more comes in; what was written leaves as far as the kernel takes it at once.
    ///
    /// Whoever sends a request and the end together may still wait for the reply, and the delegate for what the reply
    /// will be. Sending may itself end the connection, and then that is the reason.
    func inputEnded() {
        flush()
        if isOpen, sendError == nil, delegate?.connectionMayEnd(self) == false { return pauseReading() }
        end(sendError.map { .failed($0) } ?? .endOfStream)
    }

    /// Reads what is left once sending has failed; the poller reports what exceeds one turn.
    private func readRest() {
        guard case .open(let descriptor) = state else { return }
        receive(from: descriptor, untilEnd: true)
    }
}

// MARK: - Sending and ending

extension Connection {
    private var acceptsOutput: Bool {
        switch state {
        case .connecting, .securing: true
        case .open: sendError == nil
        case .finishing, .failed, .closed: false
        }
    }

    func queueFlush() {
        guard isOpen, !isFlushQueued, !isBlocked, backlogBytes > 0 else { return }
        isFlushQueued = true
        poller.flushQueue.append(self)
    }

    /// Gives sending up, but hands over what the other end sent before it went.
    private func sendingFailed(_ error: SystemError) {
        if isSecuring { return end(.failed(error)) }
        guard isOpen else { return close() }
        sendError = error
        isBlocked = false
        output.removeAll()
        unsealed.removeAll()
        updateInterest()
        // An owner that reads nothing until what it wrote has left would wait for ever: nothing is left to leave.
        if isReadingPaused { delegate?.connectionDidDrain(self) } else { readRest() }
    }

    func updateInterest() {
        let interest: Readiness
        let descriptor: Descriptor
        switch state {
        case .securing(let open):
            descriptor = open
            interest = Readiness(readable: handshake?.isQueued == false, writable: isBlocked)
        case .open(let open):
            descriptor = open
            interest = Readiness(readable: !isReadingPaused, writable: isBlocked)
        case .finishing(let open):
            descriptor = open
            interest = Readiness(readable: false, writable: isBlocked)
        case .connecting, .failed, .closed: return
        }
        do throws(SystemError) {
            try poller.setInterest(interest, for: descriptor)
        } catch {
            // Out of kernel memory for the watch: without it the connection would stay silent for ever.
            let reason = CloseReason.failed(error)
            DispatchQueue.main.async { self.end(reason) }
        }
    }

    /// Ends the connection for a reason of its own and says so.
    func end(_ reason: CloseReason) {
        if case .closed = state { return }
        let delegate = delegate
        close()
        delegate?.connectionDidClose(self, reason: reason)
    }
}
