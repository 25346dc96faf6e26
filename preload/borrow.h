/*
 * Borrowed memory: a vfork child, which has a table of its own but lives in its parent's memory until it executes another
 * program or ends. Its calls are not the parent's, so they change no slot; what they do to the child's table is noted as
 * changes (changes.h), and its exec as a passage (passage.h). The parent, which the kernel holds until then, records it.
 *
 * vfork_prepare and vfork_result (wrap_process.c) are the two ends; in between thread_self.borrowed points here, for the
 * child and for the parent's thread alike: gate_enter tells them apart.
 */
#ifndef FDTRACE_BORROW_H
#define FDTRACE_BORROW_H

#include "passage.h"
#include "thread.h"

#define BORROW_CHANGES 240

struct borrowed {
    uint32_t taken;          /* atomic; of the few that lie ready */
    bool     mapped;         /* made for one vfork, because those were taken */
    bool     executed;       /* the child has called exec, and it has not failed so far */
    struct passage passage;
    struct changes changes;
    struct change  list[BORROW_CHANGES];
};

/* Before the child exists. Nothing is noted when memory is short. A child that borrows again is followed no further. */
void borrow_begin(void);
/* In the parent, as it goes on: child is vfork's answer. */
void borrow_end(pid_t child);
/* What the calling vfork child has done so far; NULL for everybody else once gate_enter has said no. */
static inline struct changes *borrow_changes(void)
{
    return thread_self.borrowed != NULL ? &thread_self.borrowed->changes : NULL;
}

#endif
