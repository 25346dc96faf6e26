/* The life of this process as a guest sees it: start, fork, exec, end. */
#ifndef FDTRACE_PROCESS_H
#define FDTRACE_PROCESS_H

#include "hook.h"

/* `fdtrace run` is around us and makes the report. Known after process_start. */
extern bool process_under_run;

/*
 * The kernel's table is also that of another process, made by clone with CLONE_FILES, whose events are recorded elsewhere or,
 * if it even shares our thread-local storage, may be lost between the two: the record cannot equal the kernel's table.
 */
extern bool process_shares_table;
/* A clone with these flags: notes whether it makes the table such a one. Called on both sides or before it. */
void process_clones(unsigned long flags);

/*
 * Would a thread that asks for a table of its own (unshare with CLONE_FILES, close_range with CLOSE_RANGE_UNSHARE) get
 * one that is another than the process's? Not while it is the only one.
 */
bool process_threads_share(void);
/* The calling thread got it: from now on the record is not about what it does, and says so (FDT_HEADER_PARTED). */
void process_thread_parts(void);
/* "/proc/self/fd/", or where the kernel lists this thread's descriptors when threads have different ones. */
const char *process_fd_folder(void);

/* Sets everything up; the gate is BUSY on entry, ON or OFF afterwards. The constructor's work, or an earlier caller's. */
void process_start(void);

/*
 * This process is a forked child: gives it a segment and a table of its own, filled from the kernel's table as the fork
 * left it. The gate is BUSY on entry, ON or OFF afterwards. fork_ns: when the parent called fork; 0: unknown, just now.
 */
void process_adopt(uint64_t fork_ns);

/*
 * Is this a forked child that has not been given a record of its own yet? Asked where it may be one; else, were the kernel
 * unable to wipe the guard (gate.h), it would cost a system call.
 */
bool process_was_forked(void);

/* Called by fork's wrappers in the child: adopts unless an event has done so already. */
void process_forked(uint64_t fork_ns);

/* In the parent: there is a child, that will record itself if it can. The reader counts whether it could. */
void process_has_forked(const struct call *call, int child, uint64_t fork_ns);

/*
 * Visits every number process_fd_folder lists but the one used for listing. False when it could not be read to its
 * end.
 */
bool process_each_descriptor(void (*visit)(int fd, void *data), void *data);

/* In daemon's child, before it is given its own segment: the parent has left with status 0 and will not report. */
void process_daemonized(void);

/*
 * The image ends with status (exit, _exit): asks the kernel about what is still open, writes the last words into the
 * segment, and reports when the program runs on its own. May return a different status to end with (option exitcode).
 */
int process_end(int status);

/* Around an exec: the image is about to be replaced; or not, after all. */
void process_execs(void);
void process_exec_failed(void);

/*
 * Before a seccomp filter is installed: the record is made ready, and no system call of ours is made any more. False: the
 * process that is about to be filtered is not the recorded one (a vfork child, an untraced image). When true and the kernel
 * refuses the filter, process_filter_refused takes it back: asking whether there is seccomp is done that way. Neither
 * touches errno.
 */
bool process_filters(void);
void process_filter_refused(void);

#endif
