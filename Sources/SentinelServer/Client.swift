// SPDX-License-Identifier: Apache-2.0

import AccessControl
import CommandCatalogue
import Dispatch
import EventLoop
import RESP
import SentinelConfiguration
import SentinelCore
import SentinelWire

/// A client of the sentinel's own port: reads requests, writes replies in their order.
final class Client: ConnectionDelegate {
    let id: Int
    let connectedAt: UInt64
    var name = ""
    var libraryName = ""
    var libraryVersion = ""
    var user = UserName.default
    /// What its user may send whatever the arguments are; kept up to date by `Access`.
    var unconditionalCommands = CommandSet()
    /// Whether it said who it is, or was let in without, and keeps that whatever becomes of the default user.
    var hasLoggedIn = false
    /// Whether it may send what needs a login: also when the default user needs none. Kept up to date by `Access`.
    var isAuthenticated = false {
        didSet { parser.limits.isAuthenticationRequired = !isAuthenticated }
    }
    var replies = Replies.on
    var lastCommand: CommandEntry?
    var channels = OrderedTable<Void>()
    var patterns = OrderedTable<Void>()
    /// What CLIENT NO-EVICT asked for; nothing is ever evicted here.
    var isSpared = false
    /// What CLIENT TRACKING asked for; nothing ever comes of it, for there are no keys.
    var tracking: Tracking?
    /// What INFO was asked for, while it is being answered.
    var infoSections: [String] = []
    var encoder = Encoder()

    /// What it occupies of the places for clients.
    let slot: ConnectionSlots.Slot

    private let connection: Connection
    /// Not unowned, which would be checked at each request; the port lets go of clients that end.
    private let port: ClientPort
    private var parser = RequestParser()
    private var request = RESP.Request()
    /// Whether `request` was read and waits for the end of a pause, and nothing behind it is looked at before.
    private(set) var isRequestPostponed = false
    /// Whether `request` was read and waits for replies that are owed.
    private var isRequestDeferred = false
    /// When something last came from it, in nanoseconds of the monotonic clock.
    private(set) var usedAt: UInt64
    /// What the request being run has asked the core, until it is answered.
    private var awaited: RequestID?
    /// Replies that wait for one the core still owes.
    private var held = HeldReplies()
    /// What has to be answered before another request is run.
    private var barrier: RequestID?
    /// The rest of a long reply, behind what was handed on. What comes after it waits in the encoder, or was not read.
    private var listing: InstanceListing?
    private var isProcessing = false
    /// Whether it has to let others go first, though more of its requests may be here.
    private var isTurnOver = false
    /// When its turn began, in nanoseconds of the monotonic clock.
    private var turnBeganAt: UInt64 = 0
    private var requestsRun = 0
    /// Whether no other request is run, and the connection ends with the reply to the one under way.
    var isToEnd = false
    /// Whether nobody is to hear what the request under way is answered.
    private var isUnheard = false
    private var isClosed = false
    private var hasHeard = false
    private var backlogWatch = BacklogWatch()
    /// Goes off when the backlog has been too long for too long.
    private var backlogTimer: DeadlineTimer?
    /// Goes off when it may have been idle for too long.
    private var idleTimer: DeadlineTimer?
    /// Goes off when it should have said who it is.
    private var introductionTimer: DeadlineTimer?
    /// There once nothing more comes from it and replies are owed; goes off when they have been for too long.
    private var endTimer: DeadlineTimer?
    /// There while it is not read because too much of it waits; goes off when it should be looked whether it is there.
    private var absenceTimer: DeadlineTimer?
    /// How many of its requests had been run when that timer was set.
    private var requestsRunBefore = 0

    /// Bytes of replies that may wait to be read before authentication. Of requests no more than the parser's limits
    /// allow can be here, since all that need no authentication are answered at once.
    private static let unauthenticatedBacklog = 1 << 20
    private static let longestEndSeconds: UInt64 = 30
    /// Requests whose replies may wait for the disk.
    private static let heldLimit = 4096
    /// Bytes of replies that are put together before they are handed on, and that may wait for an earlier one.
    private static let replyBatch = 64 << 10
    /// How long requests that are here are run one after the other while others wait; looked at with each batch of
    /// replies, and each of so many requests.
    private static let turnNanoseconds: UInt64 = 5_000_000
    private static let requestsBetweenLooks = 16
    /// Bytes of requests that may wait for one that can't be run yet; what is more is left to the sender.
    private static let waitingLimit = 1 << 20

    /// What CLIENT REPLY asked for.
    enum Replies {
        case on, off
        /// The next request goes unanswered; then the one under way does.
        case skipNext, skip
    }

    init(_ id: Int, _ connection: Connection, slot: ConnectionSlots.Slot, port: ClientPort) {
        self.id = id
        self.slot = slot
        self.connection = connection
        self.port = port
        connectedAt = MonotonicClock.now
        usedAt = connectedAt
        localAddress = connection.localAddress.map(Self.shown) ?? "?"
        isOnUnixSocket = connection.localAddress?.family == .unix
        parser.limits.maxBulkLength = Int(clamping: port.settings.longestBulkBytes)
        port.access.login(self)
        connection.delegate = self
        if port.settings.timeout > 0 {
            idleTimer = DeadlineTimer { [weak self] in self?.closeIfIdle() }
            idleTimer?.schedule(at: idleDeadline)
        }
        if mustIntroduceItself {
            introductionTimer = DeadlineTimer { [weak self] in
                guard let self, self.mustIntroduceItself else { return }
                self.close()
            }
            introductionTimer?.schedule(
                at: connectedAt.saturatingAdding(seconds: ConnectionSlots.introductionSeconds))
        }
    }

    /// Of a client of the Unix socket, which has none, that of the socket.
    var address: String { isOnUnixSocket ? localAddress : connection.remoteAddress.map(Self.shown) ?? "?" }
    let localAddress: String
    let isOnUnixSocket: Bool

    private static func shown(_ address: SocketAddress) -> String {
        address.family == .unix ? "\(address):0" : address.description
    }

    var ageSeconds: UInt64 { (MonotonicClock.now - connectedAt) / 1_000_000_000 }
    var idleSeconds: UInt64 { (MonotonicClock.now - usedAt) / 1_000_000_000 }
    /// Whether another sentinel is at the other end, as far as it says so.
    var isPeer: Bool { name.hasPrefix("sentinel-") }
    /// Whether it has a slot that is kept for sentinels and did not say yet that it is one.
    var mustIntroduceItself: Bool { slot == .peer && !isPeer }
    var bufferedBytes: Int { parser.bufferedBytes }
    /// Bytes of replies and messages that wait to be read.
    var backlogBytes: Int { connection.backlogBytes + (listing == nil ? 0 : encoder.bytes.count) }
    var descriptorNumber: Int32 { connection.descriptorNumber }
    var isSubscribed: Bool { !channels.isEmpty || !patterns.isEmpty }
    var subscriptions: Int { channels.count + patterns.count }

    // MARK: Replies

    /// Whether nobody is to hear the reply to the request under way.
    var isSilent: Bool { replies == .off || replies == .skip }

    /// Has the reply to the request under way be heard whatever CLIENT REPLY asked for.
    func speakUp() { isUnheard = false }

    /// Waits for the core's answer to `request`.
    func await(_ request: RequestID) { awaited = request }

    /// Runs no other request before the one under way is answered: it makes what they may be about.
    func runNothing(before request: RequestID) { barrier = request }

    /// Whether `request` is the one being run; it is not waited for any more then.
    func stopAwaiting(_ request: RequestID) -> Bool {
        guard awaited == request else { return false }
        awaited = nil
        return true
    }

    /// The core's answer: at once, while the request is being run, or later.
    func answer(_ request: RequestID, _ append: (inout Encoder) -> Void) {
        if stopAwaiting(request) { return append(&encoder) }
        let endsBarrier = barrier == request
        if endsBarrier { barrier = nil }
        guard !isClosed else { return }
        if !held.isEmpty {
            var late = Encoder(version: encoder.version)
            append(&late)
            port.traffic.errors += late.takeErrorCount()
            send(held.answer(request, late.bytes))
        } else if !endsBarrier {
            return
        }
        if !isProcessing { process() }
    }

    /// Sends what no request asked for.
    ///
    /// - Parameters:
    ///   - message: In the client's version of the protocol.
    ///   - now: In nanoseconds of the monotonic clock.
    func push(_ message: [UInt8], at now: UInt64) {
        // What the encoder holds will be thrown away, and nothing stands before it.
        if isUnheard { return send(message, at: now) }
        guard !isProcessing, encoder.isEmpty, held.isEmpty, listing == nil else {
            encoder.encoded(message)
            if listing != nil { return judgeBacklog(before: backlogBytes - message.count, at: now) }
            if !isProcessing { flush() }
            return
        }
        send(message, at: now)
    }

    /// Replies with many instances, as fast as the other end reads.
    func list(_ instances: [InstanceDescription]) {
        var listing = InstanceListing(instances)
        // Behind a reply that is owed, or to be thrown away, it is as any other.
        let limit = held.isEmpty && replies == .on ? encoder.bytes.count + Self.replyBatch : .max
        listing.append(to: &encoder, upTo: limit)
        guard !listing.isComplete else { return }
        flush()
        guard !isClosed else { return }
        self.listing = listing
        DispatchQueue.main.async { self.continueListing() }
    }

    /// Tells the next piece once the last one has left; when that takes time, `connectionDidDrain` comes back to it.
    private func continueListing() {
        guard !isClosed, var listing, connection.backlogBytes == 0 else { return }
        usedAt = MonotonicClock.now  // who reads is not idle
        var piece = Encoder(version: encoder.version)
        listing.append(to: &piece, upTo: Self.replyBatch)
        self.listing = listing
        send(piece.bytes)
        guard !isClosed else { return }
        guard listing.isComplete else { return DispatchQueue.main.async { self.continueListing() } }
        self.listing = nil
        flush()
        guard !isClosed else { return }
        process()
    }

    /// Ends its turn if that took long; the others have theirs before it goes on.
    private func endTurnIfLong() {
        guard !isClosed, !isTurnOver, !isRequestPostponed, MonotonicClock.now - turnBeganAt >= Self.turnNanoseconds
        else { return }
        isTurnOver = true
        port.queue(self)
    }

    /// Goes on after others have had their turns.
    ///
    /// - Returns: Whether it was there.
    func takeTurn() -> Bool {
        guard !isClosed else { return false }
        isTurnOver = false
        turnBeganAt = MonotonicClock.now
        usedAt = turnBeganAt  // who is being served is not idle
        process()
        return true
    }

    /// Reads on, unless what is here has to be worked off first.
    private func settleReading() {
        guard !isClosed, endTimer == nil else { return }  // at the end of its input there is nothing to read
        if isFull, absenceTimer == nil {
            absenceTimer = DeadlineTimer { [weak self] in self?.closeIfAbsent() }
            scheduleAbsence()
        } else if !isFull {
            absenceTimer = nil
        }
        if isTurnOver || listing != nil || isFull { connection.pauseReading() } else { connection.resumeReading() }
    }

    /// Whether it has sent more than may be here while nothing of it can be run.
    private var isFull: Bool { (isRequestDeferred || isRequestPostponed) && bufferedBytes > Self.waitingLimit }

    private func scheduleAbsence() {
        requestsRunBefore = requestsRun
        absenceTimer?.schedule(at: MonotonicClock.now.saturatingAdding(seconds: Self.longestEndSeconds))
    }

    /// What is not read does not tell that it has gone. Where it has sent more than the kernel keeps, its end can't be
    /// seen at all; only what keeps it waiting ends that.
    private func closeIfAbsent() {
        if requestsRun == requestsRunBefore, connection.hasEndedSending { close() } else { scheduleAbsence() }
    }

    /// Ends the connection once everything was sent.
    func finish() {
        guard !isClosed else { return }
        if isUnheard { encoder.removeAll() }
        flush()
        guard !isClosed else { return }
        // It counts no more from here on, so only who has logged in may keep it for as long as it takes to be read.
        if isAuthenticated { connection.closeAfterFlush() } else { connection.closeAfterSending() }
        ended()
    }

    func close() {
        guard !isClosed else { return }
        connection.close()
        ended()
    }

    private func ended() {
        isClosed = true
        listing = nil
        idleTimer?.cancel()
        backlogTimer?.cancel()
        introductionTimer?.cancel()
        endTimer?.cancel()
        absenceTimer?.cancel()
        port.removed(self)
    }

    private func flush() {
        guard !encoder.isEmpty, listing == nil else { return }
        countErrors()
        if held.isEmpty { send(encoder.bytes) } else { held.append(encoder.bytes) }
        encoder.removeAll()
    }

    /// Counts the errors among the replies so far, for INFO.
    func countErrors() { port.traffic.errors += encoder.takeErrorCount() }

    private func send(_ bytes: [UInt8]) { send(bytes, at: MonotonicClock.now) }

    private func send(_ bytes: [UInt8], at now: UInt64) {
        guard !bytes.isEmpty else { return }
        port.traffic.writes += 1
        port.traffic.outputBytes.add(bytes.count, at: now)
        let before = backlogBytes
        connection.write(bytes)
        judgeBacklog(before: before, at: now)
    }

    // MARK: Limits

    /// Ends the connection when more waits to be read than may.
    private func judgeBacklog(before: Int, at now: UInt64) {
        let after = backlogBytes
        let verdict =
            isAuthenticated || after <= Self.unauthenticatedBacklog
            ? backlogWatch.judge(before: before, after: after, backlogLimit, at: now) : .tooMuch
        switch verdict {
        case .fine: backlogTimer?.schedule(at: nil)
        case .tooMuchSoon(let end):
            if backlogTimer == nil {
                backlogTimer = DeadlineTimer { [weak self] in
                    guard let self else { return }
                    self.judgeBacklog(before: self.backlogBytes, at: MonotonicClock.now)
                }
            }
            backlogTimer?.schedule(at: end)
        case .tooMuch:
            port.log.write(
                .warning, "Client \(shortLine) scheduled to be closed ASAP for overcoming of output buffer limits.")
            port.traffic.outputLimitDisconnections += 1
            close()
        }
    }

    private var backlogLimit: OutputBufferLimit {
        isSubscribed ? port.settings.pubsubLimit : port.settings.normalLimit
    }

    private var idleDeadline: UInt64 { deadline(usedAt: usedAt) }
    private func deadline(usedAt: UInt64) -> UInt64 {
        usedAt.saturatingAdding(seconds: UInt64(clamping: port.settings.timeout))
    }

    /// Ends the connection if nothing came for too long; who listens, or waits for us, is not idle.
    private func closeIfIdle() {
        let now = MonotonicClock.now
        let isExempt = isSubscribed || !held.isEmpty || isRequestDeferred || isRequestPostponed || isTurnOver
        guard !isExempt, now >= idleDeadline else {
            // Whoever is exempt now can't have been idle for long before the next look.
            idleTimer?.schedule(at: isExempt ? deadline(usedAt: now) : idleDeadline)
            return
        }
        port.log.write(.verbose, "Closing idle client")
        close()
    }

    /// Counts a refusal for INFO.
    func count(_ refusal: AccessLog.Refusal) {
        switch refusal {
        case .authentication: port.traffic.deniedLogins += 1
        case .command: port.traffic.deniedCommands += 1
        case .channel: port.traffic.deniedChannels += 1
        }
    }

    // MARK: Requests

    /// Looks at what has come in, as far as that is possible now.
    ///
    /// - Parameter repeating: Whether the request that was looked at last comes first again.
    private func process(repeating isRepeated: Bool = false) {
        guard !isProcessing, !isRequestPostponed, !isTurnOver else { return settleReading() }
        isProcessing = true
        defer {
            isProcessing = false
            if !isClosed { flush() }
            // Its memory is given back: it may have been long, and the next one may be days away.
            if !isRequestPostponed, !isRequestDeferred { request.removeAll() }
            if endTimer != nil, !owesReplies { finish() }
            settleReading()
        }
        do throws(RequestError) {
            if isRepeated { run() }
            while !isClosed, !isToEnd, !isRequestPostponed, !isTurnOver, try nextRequest() {
                run()
                requestsRun &+= 1
                let isBatchFull = encoder.bytes.count > Self.replyBatch
                if isBatchFull { flush() }
                // What nobody hears fills no batch.
                if isBatchFull || isSilent || requestsRun % Self.requestsBetweenLooks == 0 { endTurnIfLong() }
            }
        } catch {
            guard held.isEmpty, listing == nil else { return }  // told after the replies that stand before it
            encoder.error(error.messageBytes)
            port.log.write(.verbose, "Protocol error (\(error.reason)) from client: \(shortLine)")
            finish()
        }
    }

    private func nextRequest() throws(RequestError) -> Bool {
        if !isRequestDeferred {
            guard try parser.next(into: &request) else { return false }
            if replies == .skipNext { replies = .skip } else if replies == .skip { replies = .on }
        }
        isRequestDeferred = hasToWait
        return !isRequestDeferred
    }

    /// Whether the request can't be run while an earlier one is not answered.
    ///
    /// What peers send, and clients in great numbers, can. The rest may be about the connection itself, and is rare.
    private var hasToWait: Bool {
        guard listing == nil, barrier == nil else { return true }
        guard !held.isEmpty else { return false }
        guard replies == .on, held.count < Self.heldLimit, held.bytes < Self.replyBatch else { return true }
        return !request.matches(0, "sentinel") && !request.matches(0, "ping") && !request.matches(0, "publish")
    }

    private func run() {
        let isSilent = isSilent
        if isSilent { flush() }
        isUnheard = isSilent
        port.dispatch(request, from: self)
        // CLIENT REPLY ON answers for itself.
        if isUnheard, replies != .on { encoder.removeAll() }
        isUnheard = false
        guard let request = awaited else { return }
        awaited = nil
        if isSilent { return }  // the answer will find nobody
        flush()
        held.await(request)
    }

    /// Has the request under way looked at again when the pause is over.
    func postpone() { isRequestPostponed = true }

    /// A pause has ended.
    func resume() {
        guard isRequestPostponed, !isClosed else { return }
        isRequestPostponed = false
        process(repeating: true)
    }

    func connection(_ connection: Connection, didReceive bytes: UnsafeRawBufferPointer) {
        usedAt = MonotonicClock.now
        turnBeganAt = usedAt
        if !hasHeard {
            hasHeard = true
            if port.diagnosis.isHandshake(bytes, from: connection.remoteAddress) { return close() }
        }
        port.traffic.reads += 1
        port.traffic.inputBytes.add(bytes.count, at: usedAt)
        parser.append(bytes)
        guard parser.bufferedBytes <= port.settings.clientQueryBufferLimit else {
            port.log.write(.warning, "Closing client that reached max query buffer length: \(shortLine)")
            port.traffic.inputLimitDisconnections += 1
            return close()
        }
        process()
    }

    func connectionDidConnect(_ connection: Connection) {}

    func connectionDidClose(_ connection: Connection, reason: CloseReason) {
        guard !isClosed else { return }
        port.log.write(.verbose, "Client closed connection \(address)")
        ended()
    }

    func connectionDidDrain(_ connection: Connection) { continueListing() }

    /// Not before the disk has what it asked for, and what stands behind that is done; but it may be gone altogether, so
    /// a disk that hangs is not waited for.
    func connectionMayEnd(_ connection: Connection) -> Bool {
        guard owesReplies else { return true }
        usedAt = MonotonicClock.now
        endTimer = DeadlineTimer { [weak self] in self?.closeIfForgotten() }
        endTimer?.schedule(at: endDeadline)
        return false
    }

    private var endDeadline: UInt64 { usedAt.saturatingAdding(seconds: Self.longestEndSeconds) }

    private func closeIfForgotten() {
        guard MonotonicClock.now < endDeadline else { return close() }
        endTimer?.schedule(at: endDeadline)  // what it asked for is being read
    }

    private var owesReplies: Bool {
        !held.isEmpty || barrier != nil || isRequestDeferred || listing != nil || isTurnOver
    }
}
