/* The body of marks.c and marks_cxx.cpp: C and C++, position-independent and not. */
#include "fdtrace/fdtrace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

static int open_one(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void tell(const char *what, long number)
{
    printf("%s %ld\n", what, number);
}

static void tell_snapshot(const char *what, int fd)
{
    struct fdtrace_descriptor list[64];
    int count = fdtrace_snapshot(list, 64);
    for (int i = 0; i < count && i < 64; i++)
        if (list[i].fd == fd)
            printf("%s %s %s %s%s%s\n", what, list[i].kind, list[i].call, list[i].name,
                   list[i].flags & FDTRACE_CLOEXEC ? " cloexec" : "",
                   list[i].flags & FDTRACE_IGNORED ? " ignored" : "");
}

static void tell_explanation(fdtrace_mark_t mark)
{
    char text[4096], tiny[8];
    tell("explained", fdtrace_explain(mark, text, sizeof(text)));
    tell("with its function", strstr(text, "open_one") != NULL);
    tell("and its line", strstr(text, "marks.h:") != NULL);
    fdtrace_explain(mark, tiny, sizeof(tiny));
    tell("cut to", (long)strlen(tiny));
    tell("without a text", fdtrace_explain(mark, NULL, 0));
}

int main(void)
{
    int before = open_one();
    fdtrace_mark_t mark = fdtrace_mark();
    tell("version", fdtrace_version() != NULL && strcmp(fdtrace_version(), FDTRACE_VERSION) == 0);
    tell("marked", mark != 0);
    errno = 77;
    tell("nothing yet", fdtrace_leaks_since(mark));
    tell("since the start", fdtrace_leaks_since(0));
    tell("checked", fdtrace_check(mark));
    int held = open_one(), closed = open_one(), pipes[2];
    close(closed);
    tell("held", fdtrace_leaks_since(mark));
    tell("since now", fdtrace_leaks_since(fdtrace_mark()));
    tell_explanation(mark);
    tell_snapshot("snapshot", held);
    tell("ignored", fdtrace_ignore(held));
    tell("then", fdtrace_leaks_since(mark));
    tell_snapshot("snapshot", held);
    if (pipe2(pipes, O_CLOEXEC) < 0 || fdtrace_label(pipes[0], "the way back") < 0)
        return 1;
    tell("both ends", fdtrace_leaks_since(mark));
    tell_snapshot("snapshot", pipes[0]);
    tell("labelled a file", fdtrace_label(held, "the log"));
    tell_snapshot("snapshot", held);
    tell("no such number", fdtrace_ignore(999) + fdtrace_label(-1, "none") + fdtrace_label(999, "none"));
    syscall(SYS_close, pipes[1]);
    tell("one end", fdtrace_leaks_since(mark));
    FDTRACE_CALL(fdtrace_ignore(before));
    tell("errno", errno);
    return 0;
}
