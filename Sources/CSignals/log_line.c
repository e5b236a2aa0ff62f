/* SPDX-License-Identifier: Apache-2.0 */
#include "log_line.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

void line_add(struct line *line, const char *text) {
    while (*text && line->length < sizeof line->text) line->text[line->length++] = *text++;
}

void line_add_number(struct line *line, uint64_t number, unsigned base) {
    char digits[24];
    size_t at = sizeof digits - 1;
    digits[at] = 0;
    do {
        digits[--at] = "0123456789abcdef"[number % base];
        number /= base;
    } while (number && at);
    line_add(line, digits + at);
}

void line_add_signed(struct line *line, int number) {
    if (number < 0) line_add(line, "-");
    line_add_number(line, number < 0 ? (uint64_t)-(int64_t)number : (uint64_t)number, 10);
}

void line_begin(struct line *line) {
    line->length = 0;
    line_add_number(line, (uint64_t)getpid(), 10);
    line_add(line, ":signal-handler (");
    line_add_number(line, (uint64_t)time(NULL), 10);
    line_add(line, ") ");
}

void line_end(struct line *line, int descriptor) {
    if (line->length == sizeof line->text) line->length--;
    line->text[line->length++] = '\n';
    size_t written = 0;
    while (written < line->length) {
        ssize_t count = write(descriptor, line->text + written, line->length - written);
        if (count <= 0) return;
        written += (size_t)count;
    }
}

int open_log(const char *path) {
    if (!path[0]) return STDOUT_FILENO;
    return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0644);
}
