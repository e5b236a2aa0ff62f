// SPDX-License-Identifier: Apache-2.0

// Tells the owners of descriptors when these are ready.
//
// On Linux all descriptors sit in one epoll set: a Dispatch source for every socket costs 1.8 times the CPU, for it is
// armed anew and handed from thread to thread for each event. `MainLoop` waits for the set; in a process without it the
// set's own descriptor is watched by the single Dispatch source of the poller, whose handler empties the set. Interest
// is level-triggered, so a descriptor that was not read to its end is simply reported again, after a hang-up too, and
// nothing has to be remembered for it; the same goes for the set itself when it is left early to let others have their
// turn.
//
// Connections that this process makes sit in a second set, which the first one holds: when a thousand groups fail over
// at once, they have tens of thousands of events, and a client that asks must not stand in line behind them. Each round
// serves the others first and then a few of these. Nor may clients that ask without end hold up these and what is due:
// a round that has taken long enough leaves the rest of its events to the next one.
//
// Elsewhere there is a source per descriptor and interest, made when it is wanted and cancelled when not.

import Dispatch

#if os(Linux)
    import CLinux
#endif

/// The main queue's watch over all descriptors of the process.
package final class Poller {
    /// The one poller of the process.
    package static let main = Poller()

    /// Where connections read into, one after the other.
    let readBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1024, alignment: 16)
    /// What was written to and waits to be sent.
    let flushQueue = FlushQueue()
    /// What waits for an instant.
    let deadlines = Deadlines()
    /// Connections without an owner that still send.
    var finishingCount = 0
    /// Connections that are not secured yet.
    let handshakes = Handshakes()
    /// Where secured connections open what they have read.
    lazy var openedBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 16 * 1024, alignment: 16)

    #if os(Linux)
        /// What is known of the descriptor whose number is the index.
        private struct Slot {
            /// Counts the descriptors that had this number, so that an event of an earlier one is recognised.
            var generation: UInt32 = 0
            var interest: Readiness = []
            var client: (any PollerClient)?
            /// The set it is in while there is an interest.
            var set: Descriptor
        }

        private static let eventsPerRound = 256
        private static let patientEventsPerRound = 64
        private static let roundsPerTurn = 32
        /// How long a round goes on before the connections that this process made get their turn.
        private static let roundNanoseconds: UInt64 = 10_000_000
        /// What an event of the set of the patient ones is marked with.
        private static let patientMark = UInt64.max

        /// How long ago the set may have been emptied to count as empty still, in nanoseconds.
        private static let quiet: UInt64 = 100_000

        private let epoll: Descriptor
        /// The set of those that let all others go first.
        private let patientEpoll: Descriptor
        /// Watches the set where Dispatch serves the main queue.
        private var source: (any DispatchSourceRead)?
        /// Whether the main thread waits for the set.
        private var isServing = false
        /// When the set last had nothing but what was handled then.
        private var emptiedAt: UInt64 = 0
        private let events = UnsafeMutableBufferPointer<epoll_event>.allocate(capacity: eventsPerRound)
        private let patientEvents = UnsafeMutableBufferPointer<epoll_event>.allocate(capacity: patientEventsPerRound)
        /// Those of `events` that a round has left to the next one. The kernel would report the same first ones again.
        private var undelivered = 0..<0
        private var slots: [Slot] = []

        private init() {
            SignalSource.ignoreBrokenPipes()
            do throws(SystemError) {
                epoll = try System.makeEpoll()
                patientEpoll = try System.makeEpoll()
                try System.addToEpoll(epoll, patientEpoll, .readable, mark: Self.patientMark)
            } catch {
                fatalError("The event loop cannot start: \(error)")
            }
            events.initialize(repeating: epoll_event())
            patientEvents.initialize(repeating: epoll_event())
            DispatchQueue.main.async { self.beginByDispatch() }
        }

        /// Has Dispatch watch the set, unless the main thread does.
        private func beginByDispatch() {
            guard !isServing else { return }
            let source = DispatchSource.makeReadSource(fileDescriptor: epoll.number, queue: .main)
            source.setEventHandler { [unowned self] in self.drain() }
            source.activate()
            self.source = source
            deadlines.beginByDispatch()
        }

        /// Leaves everything to `serveDescriptors` from now on.
        ///
        /// - Parameter announcements: Becomes readable when the main queue has something to do.
        func beginServing(announcements: Descriptor) {
            precondition(source == nil, "the main queue is served by one or the other")
            isServing = true
            flushQueue.isAttended = true
            do throws(SystemError) {
                try add(announcements, interest: .readable, client: MainQueueAnnouncements(announcements))
            } catch {
                fatalError("The event loop cannot start: \(error)")
            }
        }

        /// Waits until a descriptor is ready or the earliest deadline has come, and handles a round of events.
        ///
        /// - Parameter now: The time, or a little before it.
        func serveDescriptors(waitingAt now: UInt64) {
            if let earliest = deadlines.earliest {
                handleEvents(waiting: earliest > now ? earliest - now : 0)
            } else {
                handleEvents(waiting: nil)
            }
        }

        /// Handles what is ready right now, before something is decided on the silence of the others.
        ///
        /// After a pause very many connections may have something, and those that had their turn last would look silent.
        /// What comes while this goes on is left.
        package func pollNow() {
            // The loop has often just looked.
            let now = MonotonicClock.now
            guard now - emptiedAt > Self.quiet else { return }
            var rounds = max(Self.roundsPerTurn, slots.count / Self.patientEventsPerRound)
            while rounds > 0, emptiedAt < now, handleEvents(waiting: 0) > 0 { rounds -= 1 }
        }

        /// Starts to watch `descriptor`; from here on the poller keeps `client` alive until `close`.
        ///
        /// - Parameter isPatient: Whether all others go first.
        func add(
            _ descriptor: Descriptor, interest: Readiness, isPatient: Bool = false, client: any PollerClient
        ) throws(SystemError) {
            let index = Int(descriptor.number)
            while slots.count <= index { slots.append(Slot(set: epoll)) }
            precondition(slots[index].client == nil, "a descriptor is watched for one owner")
            let generation = slots[index].generation &+ 1
            let set = isPatient ? patientEpoll : epoll
            if !interest.isEmpty {
                try System.addToEpoll(set, descriptor, interest, mark: mark(descriptor, generation))
            }
            slots[index] = Slot(generation: generation, interest: interest, client: client, set: set)
        }

        /// Changes what `descriptor` is watched for.
        ///
        /// Without any interest it leaves the set altogether: a hang-up would be reported without end otherwise.
        func setInterest(_ interest: Readiness, for descriptor: Descriptor) throws(SystemError) {
            let slot = slots[Int(descriptor.number)]
            guard interest != slot.interest else { return }
            let mark = mark(descriptor, slot.generation)
            if interest.isEmpty {
                try System.removeFromEpoll(slot.set, descriptor)
            } else if slot.interest.isEmpty {
                try System.addToEpoll(slot.set, descriptor, interest, mark: mark)
            } else {
                try System.changeInEpoll(slot.set, descriptor, interest, mark: mark)
            }
            slots[Int(descriptor.number)].interest = interest
        }

        /// Stops watching `descriptor` and closes it; the only place where a watched descriptor is closed.
        func close(_ descriptor: Descriptor) {
            let index = Int(descriptor.number)
            let client = slots[index].client
            defer { withExtendedLifetime(client) {} }  // what its end sets off must not find the slots being changed
            if !slots[index].interest.isEmpty {
                do throws(SystemError) {
                    try System.removeFromEpoll(slots[index].set, descriptor)
                } catch {
                    preconditionFailure("a watched descriptor was not in the set: \(error)")
                }
            }
            slots[index].generation &+= 1
            slots[index].interest = []
            slots[index].client = nil
            // A child that is being started holds on to it, and the other end would not hear of its end.
            if ChildStart.isUnderWay { System.shutDown(descriptor) }
            System.close(descriptor)
        }

        private func mark(_ descriptor: Descriptor, _ generation: UInt32) -> UInt64 {
            UInt64(generation) << 32 | UInt64(UInt32(bitPattern: descriptor.number))
        }

        /// Handles events until there are none, or until the rest of the main queue should have its turn.
        ///
        /// Leaving early is safe: the set stays readable, so it is looked at again.
        private func drain() {
            for _ in 0..<Self.roundsPerTurn {
                if handleEvents(waiting: 0) == 0 { return }
            }
        }

        /// Waits for events, unless some are left, and handles one round of them.
        ///
        /// - Parameter patience: Nanoseconds; `nil` for ever.
        /// - Returns: How many there were; none if a signal came.
        @discardableResult
        private func handleEvents(waiting patience: UInt64?) -> Int {
            if undelivered.isEmpty {
                guard let count = wait(for: epoll, into: events, atMost: patience) else { return 0 }
                undelivered = 0..<count
            }
            // What comes while these are handled, which may take long, has not been looked at.
            let lookedAt = MonotonicClock.now
            let count = undelivered.count
            if count == 0 {
                emptiedAt = lookedAt
                return 0
            }
            var isEmptied = undelivered.lowerBound == 0 && count < events.count
            flushQueue.flushing {
                var hasPatient = !isEmptied  // there may be more than was reported
                while let index = undelivered.first {
                    undelivered.removeFirst()
                    if events[index].data.u64 == Self.patientMark { hasPatient = true } else { deliver(events[index]) }
                    guard undelivered.isEmpty || MonotonicClock.now - lookedAt < Self.roundNanoseconds else {
                        (isEmptied, hasPatient) = (false, true)
                        break
                    }
                }
                if hasPatient, handlePatientEvents() == Self.patientEventsPerRound { isEmptied = false }
            }
            if isEmptied { emptiedAt = lookedAt }
            return count
        }

        /// Handles the next few events of those that let others go first, and returns how many they were; as many as
        /// there can be if a signal came, for then there may be more.
        private func handlePatientEvents() -> Int {
            guard let count = wait(for: patientEpoll, into: patientEvents, atMost: 0) else {
                return patientEvents.count
            }
            for index in 0..<count { deliver(patientEvents[index]) }
            return count
        }

        /// How many events there are, or `nil` if a signal came.
        private func wait(
            for set: Descriptor, into events: UnsafeMutableBufferPointer<epoll_event>, atMost patience: UInt64?
        ) -> Int? {
            do throws(SystemError) {
                return try System.waitForEvents(set, into: events, atMost: patience)
            } catch {
                fatalError("The event loop cannot go on: \(error)")
            }
        }

        /// Hands one event to its descriptor's owner, unless an earlier event of the batch had the descriptor closed.
        private func deliver(_ event: epoll_event) {
            let mark = event.data.u64
            let slot = slots[Int(truncatingIfNeeded: mark & 0xffff_ffff)]
            guard slot.generation == UInt32(truncatingIfNeeded: mark >> 32), let client = slot.client else { return }
            client.descriptorIsReady(Readiness(epollEvents: event.events))
        }
    #else
        /// What is known of one descriptor; it is closed when its last source has been cancelled.
        private final class Watch {
            let client: any PollerClient
            var readSource: (any DispatchSourceRead)?
            var writeSource: (any DispatchSourceWrite)?
            var liveSources = 0
            var isClosing = false

            init(client: any PollerClient) { self.client = client }
        }

        private var watches: [Descriptor: Watch] = [:]

        /// Nothing to do here: each descriptor's own source stands in the main queue's line already.
        package func pollNow() {}

        private init() {
            SignalSource.ignoreBrokenPipes()
            deadlines.beginByDispatch()
        }

        func add(
            _ descriptor: Descriptor, interest: Readiness, isPatient: Bool = false, client: any PollerClient
        ) throws(SystemError) {
            precondition(watches[descriptor] == nil, "a descriptor is watched for one owner")
            watches[descriptor] = Watch(client: client)
            try setInterest(interest, for: descriptor)
        }

        func setInterest(_ interest: Readiness, for descriptor: Descriptor) throws(SystemError) {
            guard let watch = watches[descriptor] else { return }
            if interest.contains(.readable), watch.readSource == nil {
                let source = DispatchSource.makeReadSource(fileDescriptor: descriptor.number, queue: .main)
                start(source, .readable, watch, descriptor)
                watch.readSource = source
            } else if !interest.contains(.readable), let source = watch.readSource {
                watch.readSource = nil
                source.cancel()
            }
            if interest.contains(.writable), watch.writeSource == nil {
                let source = DispatchSource.makeWriteSource(fileDescriptor: descriptor.number, queue: .main)
                start(source, .writable, watch, descriptor)
                watch.writeSource = source
            } else if !interest.contains(.writable), let source = watch.writeSource {
                watch.writeSource = nil
                source.cancel()
            }
        }

        func close(_ descriptor: Descriptor) {
            guard let watch = watches.removeValue(forKey: descriptor) else { return }
            watch.isClosing = true
            watch.readSource?.cancel()
            watch.writeSource?.cancel()
            if watch.liveSources == 0 { System.close(descriptor) }
        }

        private func start(
            _ source: any DispatchSourceProtocol, _ readiness: Readiness, _ watch: Watch, _ descriptor: Descriptor
        ) {
            watch.liveSources += 1
            source.setEventHandler { [unowned self] in
                guard !watch.isClosing else { return }
                self.flushQueue.flushing { watch.client.descriptorIsReady(readiness) }
            }
            source.setCancelHandler {
                watch.liveSources -= 1
                if watch.isClosing && watch.liveSources == 0 { System.close(descriptor) }
            }
            source.activate()
        }
    #endif
}
