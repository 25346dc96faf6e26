/*
 * What epoll instances watch, for one question: does a registration outlive its number?
 *
 * The kernel keys a registration by open file description and number, and removes it with the description, not with the
 * number (epoll(7), question 6). A number that is closed while a duplicate lives leaves a ghost: its events keep coming, and
 * no EPOLL_CTL_DEL can name it any more.
 *
 * Told is a ghost that can do harm: when the thread that closed the number next waits on the instance (or another one, a few
 * seconds later: the duplicate may be about to follow), a duplicate of ours is still open, and the kernel says that it is
 * what the instance watches under the closed number (kcmp(2)). So nothing is held against copies that are closed one after
 * the other, an instance that ended, or a registration that somebody else removed; and nothing is told of a duplicate in
 * another process, nor where the kernel cannot be asked.
 *
 * Constant space in the process's own memory: the latest two registrations of a number, numbers 512 apart share a place, and
 * what is pushed out is only not told. Lock-free: a place that somebody else is writing to is left alone. Any thread, any
 * signal handler. No system call but for a number that was copied, registered and closed without EPOLL_CTL_DEL.
 */
#ifndef FDTRACE_WATCH_H
#define FDTRACE_WATCH_H

#include "fdtrace/segment.h"
#include "hook.h"

/* One registration, and where it was made. */
struct watch {
    int32_t fd, epoll;
    uint32_t generation, epoll_generation;
    uint64_t ns;
    uint32_t site;
    int32_t tid;
    uint16_t call;
};

/* One whose number was closed: what the slot knew of it then. */
struct ghost {
    struct watch watch;
    uint64_t state;
    struct fdt_death death;
    struct fdt_life life;
};

/* The latest number that was copied, of those that share a place: fd and generation in one word, never half of it. */
#define WATCH_MARKS 512u
extern uint64_t watch_marks[WATCH_MARKS];

/* Something was ever registered: deaths are worth a look. */
extern bool watch_on;
/* Numbers that may have left a ghost: waiting is worth a look. */
extern uint32_t watch_suspects;

/* epoll_ctl on the instance epoll succeeded for fd. The words are those of before the call. */
void watch_changed(const struct call *call, int epoll, uint64_t epoll_word, int operation, int fd, uint64_t word);
/* This lifetime of fd shares its description with another number: dup, a message, or by inheritance of such. */
static inline void watch_shared(int fd, uint32_t generation)
{
    if (fd >= 0)
        __atomic_store_n(&watch_marks[(uint32_t)fd % WATCH_MARKS], (uint64_t)generation << 32 | (uint32_t)fd, __ATOMIC_RELAXED);
}
bool watch_is_shared(int fd, uint32_t generation);
/* fd is announced dead in slot, and still open in the kernel. */
void watch_leaves(int fd, const struct fdt_slot *slot);
/* Before a wait on the instance epoll. May make system calls and incidents. */
void watch_waits(const struct call *call, int epoll);

#endif
