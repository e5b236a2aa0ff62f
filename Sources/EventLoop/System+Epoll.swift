// SPDX-License-Identifier: Apache-2.0

// Calls of the epoll set; the rules are those of System.swift.

#if os(Linux)
    import CLinux
    #if canImport(Glibc)
        import Glibc
    #else
        import Musl
    #endif

    nonisolated extension System {
        static func makeEpoll() throws(SystemError) -> Descriptor {
            Descriptor(try retrying("epoll_create1") { epoll_create1(swift_sentinel_epoll_cloexec) })
        }

        static func addToEpoll(
            _ epoll: Descriptor, _ descriptor: Descriptor, _ interest: Readiness, mark: UInt64
        ) throws(SystemError) {
            try controlEpoll(epoll, EPOLL_CTL_ADD, descriptor, interest, mark)
        }

        static func changeInEpoll(
            _ epoll: Descriptor, _ descriptor: Descriptor, _ interest: Readiness, mark: UInt64
        ) throws(SystemError) {
            try controlEpoll(epoll, EPOLL_CTL_MOD, descriptor, interest, mark)
        }

        static func removeFromEpoll(_ epoll: Descriptor, _ descriptor: Descriptor) throws(SystemError) {
            try controlEpoll(epoll, EPOLL_CTL_DEL, descriptor, [], 0)
        }

        /// Waits until there are events and fetches them; returns how many, none when the time is over, `nil` if a
        /// signal came.
        ///
        /// - Parameter nanoseconds: How long to wait at most; `nil` for ever. Kernels before 5.11, and sandboxes that
        ///   do not know the call, wait for whole milliseconds, so that it may be one longer; never shorter.
        static func waitForEvents(
            _ epoll: Descriptor, into events: UnsafeMutableBufferPointer<epoll_event>, atMost nanoseconds: UInt64?
        ) throws(SystemError) -> Int? {
            let count: Int32
            switch nanoseconds {
            case nil: count = epoll_wait(epoll.number, events.baseAddress, Int32(events.count), -1)
            case 0?: count = epoll_wait(epoll.number, events.baseAddress, Int32(events.count), 0)
            case let nanoseconds?:
                count = swift_sentinel_epoll_wait(
                    epoll.number, events.baseAddress, Int32(events.count), Int64(clamping: nanoseconds))
            }
            if count >= 0 { return Int(count) }
            let code = errno
            guard code != EINTR else { return nil }
            throw failure("epoll_wait", code)
        }

        private static func controlEpoll(
            _ epoll: Descriptor, _ operation: Int32, _ descriptor: Descriptor, _ interest: Readiness, _ mark: UInt64
        ) throws(SystemError) {
            var events: UInt32 = 0
            if interest.contains(.readable) { events |= swift_sentinel_epollin }
            if interest.contains(.writable) { events |= swift_sentinel_epollout }
            var event = epoll_event(events: events, data: epoll_data_t(u64: mark))
            _ = try retrying("epoll_ctl") { epoll_ctl(epoll.number, operation, descriptor.number, &event) }
        }
    }

    nonisolated extension Readiness {
        init(epollEvents events: UInt32) {
            self = []
            if events & swift_sentinel_epollin != 0 { insert(.readable) }
            if events & swift_sentinel_epollout != 0 { insert(.writable) }
            if events & (swift_sentinel_epollerr | swift_sentinel_epollhup) != 0 { insert(.hungUp) }
        }
    }
#endif
