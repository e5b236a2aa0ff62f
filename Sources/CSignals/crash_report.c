/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "CSignals.h"

#ifdef __linux__
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>
#if __has_include(<execinfo.h>)
#include <execinfo.h>
#define HAS_BACKTRACE 1
#endif

#include "log_line.h"

static char log_path[4096];
static char version_text[128];
/* The thread that writes the report; 0 as long as there is none. */
static long crashing_thread;

static void print(int descriptor, const char *text) {
    struct line line = {.length = 0};
    line_add(&line, text);
    line_end(&line, descriptor);
}

static uint64_t program_counter(const ucontext_t *context) {
#if defined(__x86_64__)
    return (uint64_t)context->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
    return (uint64_t)context->uc_mcontext.pc;
#else
    (void)context;
    return 0;
#endif
}

/* The default action is in force again. A fault comes again on return; what somebody sent has to be sent again, and is
 * delivered on return as well, so that a core dump shows where it came. The first process of a container is sent nothing
 * that would end it. */
static void end(int number, int is_fault) {
    if (is_fault) return;
    if (getpid() == 1) _exit(128 + number);
    raise(number);
}

static void crashed(int number, siginfo_t *information, void *context) {
    /* Above 0 where the kernel raised it for what the program did. */
    int is_fault = information->si_code > 0;
    long thread = syscall(SYS_gettid);
    long first = 0;
    if (!__atomic_compare_exchange_n(&crashing_thread, &first, thread, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
        /* A second thread that crashes meanwhile waits for the first to end the process. */
        while (first != thread) pause();
        /* One more crash while the report is written, or where abort() goes on. */
        end(number, is_fault);
        return;
    }
    int log = open_log(log_path);

    struct line line;
    print(log, "\n\n=== REDIS BUG REPORT START ===");
    line_begin(&line);
    line_add(&line, version_text);
    line_add(&line, " crashed by signal: ");
    line_add_signed(&line, number);
    line_add(&line, ", si_code: ");
    line_add_signed(&line, information->si_code);
    line_end(&line, log);
    line_begin(&line);
    if (is_fault) {
        line_add(&line, "Accessing address: 0x");
        line_add_number(&line, (uint64_t)(uintptr_t)information->si_addr, 16);
    } else {
        line_add(&line, "Killed by PID: ");
        line_add_signed(&line, information->si_pid);
        line_add(&line, ", UID: ");
        line_add_signed(&line, (int)information->si_uid);
    }
    line_end(&line, log);
    line_begin(&line);
    line_add(&line, "Crashed running the instruction at: 0x");
    line_add_number(&line, program_counter(context), 16);
    line_end(&line, log);
#ifdef HAS_BACKTRACE
    print(log, "\n------ STACK TRACE ------");
    void *frames[100];
    backtrace_symbols_fd(frames, backtrace(frames, 100), log);
#endif
    print(log, "\n=== REDIS BUG REPORT END ===");

    end(number, is_fault);
}

void report_crashes(const char *log, const char *version) {
    if (strlen(log) >= sizeof log_path) return;
    strcpy(log_path, log);
    strncpy(version_text, version, sizeof version_text - 1);
#ifdef HAS_BACKTRACE
    void *frames[1];
    backtrace(frames, 1); /* loads what it needs, which a handler must not do */
#endif
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = crashed;
    action.sa_flags = SA_SIGINFO | SA_RESETHAND;
    sigemptyset(&action.sa_mask);
    const int numbers[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT};
    for (size_t index = 0; index < sizeof numbers / sizeof numbers[0]; index++) sigaction(numbers[index], &action, NULL);
}
#else
void report_crashes(const char *log, const char *version) {
    (void)log;
    (void)version;
}
#endif
