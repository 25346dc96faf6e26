/* Starting the traced command and waiting for its end, as a shell does for a command in the foreground. */
#ifndef FDTRACE_RUN_CHILD_H
#define FDTRACE_RUN_CHILD_H

#include <signal.h>
#include <stddef.h>
#include <stdbool.h>
#include <sys/types.h>

struct run_child {
    const char *path;            /* what to execute; words[0] is what it is called */
    char *const *words;
    char *const *environment;
    bool by_shell;               /* neither ELF nor #!: /bin/sh reads it, as execvp(3) does */
    struct sigaction size_limit; /* what SIGXFSZ did before we ignored it */
    bool wait_all;               /* for every descendant, not only for the command itself */
    pid_t pid;                   /* after run_child */
    int status;                  /* as waitpid says */
    struct child_end { pid_t pid; int status; } *others; /* wait_all: descendants that became ours; the caller frees it */
    size_t other_count;
};

/*
 * Runs it to its end. Standard streams, signal mask and signal dispositions are those this process was started with.
 * While it runs, a terminal's interrupt and quit go to it alone, and SIGTERM and SIGHUP are passed on. 0; or negative
 * errno when it could not be executed.
 */
int run_child(struct run_child *child);

#endif
