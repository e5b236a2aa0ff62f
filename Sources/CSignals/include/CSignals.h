/* SPDX-License-Identifier: Apache-2.0
 *
 * What runs in signal handlers. That is why it is in C: it keeps its state in static memory and calls only what POSIX
 * allows there. A log is the path of a file, or empty for standard output. */
#pragma once

/* Reports what ends the process against its will.
 *
 * For SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP and SIGABRT it writes signal, `version` and stack to the log and then
 * lets the signal do what it does by default, so that a core dump follows. A stack that has run over can't be
 * reported: there is no other to write the report on. Does nothing on systems other than Linux. */
void report_crashes(const char *_Nonnull log, const char *_Nonnull version);

/* Gives SIGQUIT and the signals of a crash their default action, which is to end the process, unless they are ignored.
 *
 * The language's runtime may have put a tool for developers there, after which a signal that somebody sent has no
 * effect. */
void restore_default_actions(void);

/* Catches SIGTERM, SIGINT and SIGHUP. The descriptor that is returned, non-blocking and close-on-exec, has a byte to
 * read whenever one has come in; -1 and errno when there is none to be had.
 *
 * A SIGINT after a SIGINT or SIGTERM says so in the log, unless that would have to wait, and ends the process with
 * code 1, whatever the rest of it is doing. To be called once. */
int catch_termination(const char *_Nonnull log);

/* Whether that signal has come in since this was last asked. */
int take_signal(int number);
