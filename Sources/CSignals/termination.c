/* SPDX-License-Identifier: Apache-2.0 */
#include "CSignals.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "log_line.h"

static char log_path[4096];
static int pipe_ends[2] = {-1, -1};
static volatile sig_atomic_t is_ending;
/* By the signals' numbers. Apart from the pipe, which may be full of SIGHUP when SIGTERM comes. */
static int has_come_in[SIGTERM + 1];

static void exit_at_once(void) {
    struct pollfd log = {.fd = open_log(log_path), .events = POLLOUT};
    if (log.fd >= 0 && poll(&log, 1, 0) == 1) {
        struct line line;
        line_begin(&line);
        line_add(&line, "You insist... exiting now.");
        line_end(&line, log.fd);
    }
    _exit(1);
}

static void received(int number) {
    int saved = errno;
    if (number == SIGINT && is_ending) exit_at_once();
    if (number != SIGHUP) is_ending = 1;
    __atomic_store_n(&has_come_in[number], 1, __ATOMIC_SEQ_CST);
    /* A pipe that is full wakes its reader as well. */
    ssize_t ignored = write(pipe_ends[1], "!", 1);
    (void)ignored;
    errno = saved;
}

int catch_termination(const char *log) {
    if (strlen(log) < sizeof log_path) strcpy(log_path, log);
    if (pipe(pipe_ends) != 0) return -1;
    for (int end = 0; end < 2; end++) {
        fcntl(pipe_ends[end], F_SETFD, FD_CLOEXEC);
        fcntl(pipe_ends[end], F_SETFL, O_NONBLOCK);
    }
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = received;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
    for (size_t index = 0; index < sizeof numbers / sizeof numbers[0]; index++) sigaction(numbers[index], &action, NULL);
    return pipe_ends[0];
}

int take_signal(int number) {
    return number > 0 && number <= SIGTERM && __atomic_exchange_n(&has_come_in[number], 0, __ATOMIC_SEQ_CST);
}
