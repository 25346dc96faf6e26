/*
 * Passages: the start of another program, and which descriptors it is given.
 *
 * Whatever starts a program describes it first (passage_begin: call, stack, path, arguments, and which numbers arguments and
 * environment name), and records it when it is known to have started: spawn and vfork afterwards, in the parent; an exec of this
 * process just before, to be taken back when it fails, because nobody of ours is left after it has succeeded.
 *
 * Signs of intent, judged here because nobody sees arguments and environment later: the number is 0, 1 or 2; it stands in
 * argv or in the environment as a descriptor would (--fd=7, 3,4, 3:4, /dev/fd/7, <&7); LISTEN_FDS covers it (sd_listen_fds(3)); the
 * program is executed from it (fexecve); the child put it there or cleared its flag (changes.h); the flag was cleared here.
 */
#ifndef FDTRACE_PASSAGE_H
#define FDTRACE_PASSAGE_H

#include "changes.h"
#include "fdtrace/segment.h"
#include "hook.h"

#include <sys/types.h>

#define PASSAGE_NUMBERS 32

/* A program about to be started. Kept small: it lies on the stack of whoever starts it. */
struct passage {
    uint64_t ns;
    uint32_t site;
    int32_t  tid;
    uint16_t call;
    uint16_t how;                    /* enum fdt_exec_how */
    uint32_t flags;                  /* FDT_EXEC_* */
    uint32_t argc;
    int32_t  executed_from;          /* fexecve's number, -1 none */
    int32_t  listen_end;             /* LISTEN_FDS: 3 up to here */
    uint32_t named_count;
    int32_t  named[PASSAGE_NUMBERS]; /* numbers above 2 that arguments and environment name */
    char     text[FDT_EXEC_TEXT];
};

/* Can they be looked at? A bad pointer is the kernel's to refuse. NULL is fine. */
bool passage_readable(const char *path, char *const argv[], char *const envp[]);

/*
 * Describes it; argv and envp may be NULL. Async-signal-safe; to be called where the record may be written (gate_enter), or
 * by a vfork child.
 */
void passage_begin(struct passage *passage, const struct call *call, enum fdt_exec_how how, const char *path,
                   char *const argv[], char *const envp[], int executed_from);

/*
 * Records a program that runs in a child by now: what crossed is what was open here when the passage began and still is, as
 * the changes have it. (What another thread closed meanwhile is not accused.) child: its process id, 0 unknown.
 */
void passage_spawned(const struct passage *passage, const struct changes *changes, pid_t child);

/* Before an exec of this process: records it and marks what is meant to cross. Returns what passage_failed wants. */
uint32_t passage_self(const struct passage *passage);
/* The exec failed: nothing has crossed. */
void passage_failed(const struct passage *passage, uint32_t exec, int error);

#endif
