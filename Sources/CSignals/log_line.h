/* SPDX-License-Identifier: Apache-2.0
 *
 * Lines of the log as signal handlers write them. */
#pragma once
#include <stddef.h>
#include <stdint.h>

struct line {
    char text[512];
    size_t length;
};

/* Adds what fits. */
void line_add(struct line *line, const char *text);
void line_add_number(struct line *line, uint64_t number, unsigned base);
void line_add_signed(struct line *line, int number);

/* Begins a line with the process's number and the time. */
void line_begin(struct line *line);

/* Writes the line and its end. */
void line_end(struct line *line, int descriptor);

/* The log for appending, or -1; empty is standard output. */
int open_log(const char *path);
