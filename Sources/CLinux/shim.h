/* SPDX-License-Identifier: Apache-2.0
 *
 * What the Glibc module does not export, or exports in another shape than Musl: epoll, accept4, pidfd and friends.
 * Without _GNU_SOURCE: it would change types that Dispatch's module has seen already.
 */
#pragma once
#ifdef __linux__
#include <arpa/inet.h>
#include <errno.h>
#include <malloc.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* One integer type for constants that are enumerations in one C library and macros in the other. */
static const uint32_t swift_sentinel_epollin = EPOLLIN;
static const uint32_t swift_sentinel_epollout = EPOLLOUT;
static const uint32_t swift_sentinel_epollerr = EPOLLERR;
static const uint32_t swift_sentinel_epollhup = EPOLLHUP;
static const int32_t swift_sentinel_epoll_cloexec = EPOLL_CLOEXEC;
static const int32_t swift_sentinel_sock_stream = SOCK_STREAM;
static const int32_t swift_sentinel_sock_flags = SOCK_NONBLOCK | SOCK_CLOEXEC;
static const int32_t swift_sentinel_sock_dgram = SOCK_DGRAM | SOCK_CLOEXEC;
static const int32_t swift_sentinel_msg_nosignal = MSG_NOSIGNAL;
static const int32_t swift_sentinel_msg_dontwait = MSG_DONTWAIT;
static const int16_t swift_sentinel_pollrdhup = 0x2000;
static const int32_t swift_sentinel_ipproto_tcp = IPPROTO_TCP;
static const int32_t swift_sentinel_ipproto_ip = IPPROTO_IP;
static const int32_t swift_sentinel_ipproto_ipv6 = IPPROTO_IPV6;
static const int32_t swift_sentinel_p_pid = P_PID;
static const int32_t swift_sentinel_p_all = P_ALL;
/* Since Linux 4.2: a port is chosen when connecting, not when binding. */
static const int32_t swift_sentinel_bind_address_no_port = 24;

/* Declared by the C libraries for _GNU_SOURCE only. */
int pipe2(int ends[_Nonnull 2], int flags);
int accept4(int listener, struct sockaddr *_Nullable address, socklen_t *_Nullable length, int flags);
extern char **environ;

/* A descriptor that polls readable once the process has ended; -1 and errno where the kernel has none (before 5.3).
 * Made by number: glibc declares pidfd_open only since 2.36, musl not at all. It is close-on-exec by itself. */
static inline int swift_sentinel_pidfd_open(pid_t process) {
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
    return (int)syscall(SYS_pidfd_open, process, 0U);
}

/* Waits for at most so many nanoseconds, above zero. Made by number: glibc declares epoll_pwait2 only since 2.35, musl
 * not at all. Where the kernel has none (before 5.11), or a sandbox refuses what it does not know, the wait is rounded
 * up to milliseconds. */
static inline int swift_sentinel_epoll_wait(
    int epoll, struct epoll_event *_Nullable events, int capacity, int64_t nanoseconds) {
    int64_t milliseconds = nanoseconds / 1000000 + (nanoseconds % 1000000 != 0);
    if (sizeof(long) == 8) {
        static _Bool is_missing;
        if (!is_missing) {
            struct timespec time = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
            long count = syscall(441 /* epoll_pwait2 */, epoll, events, capacity, &time, (void *)0, 0UL);
            if (count >= 0 || (errno != ENOSYS && errno != EPERM)) return (int)count;
            is_missing = 1;
        }
    }
    return epoll_wait(epoll, events, capacity, milliseconds < INT32_MAX ? (int)milliseconds : INT32_MAX);
}

/* The main queue as Dispatch shows it to run loops: a descriptor that is readable when there is something to do, and the
 * call that does it, on the main thread. Exported by libdispatch, declared in none of its public headers. */
int _dispatch_get_main_queue_handle_4CF(void);
void _dispatch_main_queue_callback_4CF(void *_Nullable unused);

/* A macro in one C library, a chain of unions in the other. */
static inline pid_t swift_sentinel_child(const siginfo_t *_Nonnull information) {
    return information->si_pid;
}

/* Swift hides fork, which is no good once there are threads; daemonize forks before there are any. */
static inline pid_t swift_sentinel_fork(void) {
    return fork();
}

/* Fixes how much freed memory the GNU C library keeps at the top of its heap. */
static inline void swift_sentinel_bound_kept_memory(int bytes) {
#ifdef __GLIBC__
    mallopt(M_TRIM_THRESHOLD, bytes);
#else
    (void)bytes;
#endif
}

/* Gives the calling thread the niceness of the main one, as far as that is allowed. Asks for nothing where they are the
 * same: a sandbox may end whoever does. */
static inline void swift_sentinel_take_niceness(void) {
    int niceness = getpriority(PRIO_PROCESS, (id_t)getpid());
    if (getpriority(PRIO_PROCESS, 0) != niceness) (void)setpriority(PRIO_PROCESS, 0, niceness);
}

/* The environment block, which Swift would import as an unprotected global variable. */
static inline char *_Nullable *_Nullable swift_sentinel_environment(void) {
    return environ;
}
#endif
