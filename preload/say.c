/* Words to the user from inside the program. */
#include "say.h"

#include "raw.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <time.h>

void line_text(struct line *line, const char *text)
{
    for (; *text != '\0' && line->length < sizeof(line->text) - 1; text++) {
        unsigned char c = (unsigned char)*text;
        line->text[line->length++] = c < 0x20 || c == 0x7f ? '?' : (char)c;
    }
}

static void digits(struct line *line, uint64_t number, unsigned base)
{
    char text[24];
    char *at = text + sizeof(text) - 1;
    *at = '\0';
    do {
        *--at = "0123456789abcdef"[number % base];
        number /= base;
    } while (number != 0);
    line_text(line, at);
}

void line_number(struct line *line, int64_t number)
{
    if (number < 0)
        line_text(line, "-");
    digits(line, number < 0 ? -(uint64_t)number : (uint64_t)number, 10);
}

void line_hex(struct line *line, uint64_t number)
{
    line_text(line, "0x");
    digits(line, number, 16);
}

/*
 * A write to a pipe nobody reads is a SIGPIPE, one beyond RLIMIT_FSIZE a SIGXFSZ, and either would end the program for our
 * sake. Both are sent to the writing thread: blocked here, and taken off the queue if it was our write that raised them.
 */
static void write_quietly(int fd, const char *text, size_t length)
{
    const uint64_t ours = UINT64_C(1) << (SIGPIPE - 1) | UINT64_C(1) << (SIGXFSZ - 1);
    const struct timespec now = {0};
    uint64_t old = 0, pending = 0;
    raw(rt_sigprocmask, SIG_BLOCK, &ours, &old, sizeof(ours));
    raw(rt_sigpending, &pending, sizeof(pending));
    long answer = raw(write, fd, text, length);
    uint64_t raised = answer == -EPIPE || answer == -EFBIG ? ours & ~pending : 0;
    if (raised != 0)
        raw(rt_sigtimedwait, &raised, NULL, &now, sizeof(raised));
    raw(rt_sigprocmask, SIG_SETMASK, &old, NULL, sizeof(old));
}

void line_end(struct line *line, int fd)
{
    line->text[line->length++] = '\n';
    write_quietly(fd, line->text, line->length);
    line->length = 0;
}

void say(const char *first, ...)
{
    struct line line = {.length = 0};
    va_list pieces;
    va_start(pieces, first);
    line_text(&line, "fdtrace: ");
    for (const char *piece = first; piece != NULL; piece = va_arg(pieces, const char *))
        line_text(&line, piece);
    va_end(pieces);
    line_end(&line, STDERR_FILENO);
}
