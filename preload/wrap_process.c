/*
 * fork and its kin. What makes them awkward: the child shares our MAP_SHARED record but not our descriptors (fork), or even
 * all of our memory (vfork, clone with CLONE_VM); so every child must know that it is another process before it records
 * anything. Forked children are given their own segment here, at once, while their table is still what the fork left;
 * those that were forked behind our back find the guard page wiped (gate.h) at their first event.
 */
#include "borrow.h"
#include "gate.h"
#include "picture.h"
#include "process.h"
#include "raw.h"
#include "record.h"
#include "ring.h"
#include "sites.h"
#include "table.h"

#include <sched.h>
#include <stdarg.h>
#include <sys/types.h>
#include <unistd.h>

pid_t __fork(void);
pid_t __libc_fork(void);
pid_t _Fork(void);

static void forked(const struct call *call, pid_t child, uint64_t fork_ns)
{
    if (child == 0) {
        process_forked(fork_ns);
    } else if (child > 0) {
        process_has_forked(call, child, fork_ns);
    }
}

#define FORK(name, public)                                                                             \
    HOOK(name, public);                                                                                \
    EXPORT pid_t name(void)                                                                            \
    {                                                                                                  \
        struct call call = CALL(name);                                                                 \
        uint64_t fork_ns = store_now();                                                                \
        picture_take(fork_ns);                                                                         \
        pid_t child = REAL(name)();                                                                    \
        forked(&call, child, fork_ns);                                                                 \
        return child;                                                                                  \
    }

FORK(fork, "fork")
FORK(__fork, "fork")
FORK(__libc_fork, "fork")
FORK(_Fork, "_Fork")

/*
 * daemon forks inside libc, where the parent leaves by an _exit nobody can wrap: the child writes the parent's last words.
 * It also puts /dev/null on 0 to 2 unseen, which the child's picture of its table, taken from the kernel, includes.
 */
HOOK(daemon, "daemon");
EXPORT int daemon(int nochdir, int noclose)
{
    uint64_t fork_ns = store_now();
    int answer = REAL(daemon)(nochdir, noclose);
    int saved = errno;
    if (process_was_forked()) {
        process_daemonized();
        process_forked(fork_ns);
    }
    errno = saved;
    return answer;
}

/*
 * vfork returns twice on one stack: the child comes back first and may overwrite everything below its caller's frame, a C
 * wrapper's own frame included. So the return address is kept in a register across the system call (which restores all
 * registers but rax, rcx and r11), as libc does. Between vfork_prepare and vfork_result this thread's events are the
 * child's, unless getpid says otherwise; other threads of the parent run and record on.
 */
__attribute__((used)) void vfork_prepare(void);
__attribute__((used)) long vfork_result(long answer);

void vfork_prepare(void)
{
    struct thread *self = &thread_self;
    int saved = errno;
    borrow_begin();
    errno = saved;
    if (self->vfork_pid == 0)
        self->vfork_pid = (int32_t)raw(getpid);
    self->unusual = true;
}

/* In the parent, after the child has exec'd or ended. A vfork child that vforks stays what it was. */
long vfork_result(long answer)
{
    struct thread *self = &thread_self;
    if (self->vfork_pid == raw(getpid)) {
        int saved = errno;
        self->vfork_pid = 0;
        self->unusual = self->unwinding || self->apart;
        borrow_end((pid_t)answer);
        errno = saved;
    }
    if (answer < 0) {
        errno = (int)-answer;
        return -1;
    }
    return answer;
}

#if defined(__x86_64__)
__asm__(".text\n"
        ".globl vfork\n.type vfork, @function\n"
        ".globl __vfork\n.type __vfork, @function\n"
        "vfork:\n__vfork:\n"
        "    .cfi_startproc\n"
        "    endbr64\n"
        "    subq $8, %rsp\n"
        "    .cfi_adjust_cfa_offset 8\n"
        "    call vfork_prepare\n"
        "    addq $8, %rsp\n"
        "    .cfi_adjust_cfa_offset -8\n"
        "    popq %rdi\n"
        "    .cfi_adjust_cfa_offset -8\n"
        "    .cfi_register %rip, %rdi\n"
        "    movl $58, %eax\n" /* SYS_vfork */
        "    syscall\n"
        "    pushq %rdi\n"
        "    .cfi_adjust_cfa_offset 8\n"
        "    .cfi_offset %rip, -8\n"
        "    testq %rax, %rax\n"
        "    jz 1f\n"
        "    movq %rax, %rdi\n"
        "    subq $8, %rsp\n"
        "    .cfi_adjust_cfa_offset 8\n"
        "    call vfork_result\n"
        "    addq $8, %rsp\n"
        "    .cfi_adjust_cfa_offset -8\n"
        "1:  ret\n"
        "    .cfi_endproc\n"
        ".size vfork, . - vfork\n"
        ".size __vfork, . - __vfork\n");
#elif defined(__aarch64__)
/* The same, simpler: the return address is in x30, which the system call leaves alone. There is no vfork but clone. */
__asm__(".text\n"
        ".globl vfork\n.type vfork, %function\n"
        ".globl __vfork\n.type __vfork, %function\n"
        "vfork:\n__vfork:\n"
        "    .cfi_startproc\n"
        "    hint #34\n" /* bti c */
        "    stp x29, x30, [sp, #-16]!\n"
        "    .cfi_adjust_cfa_offset 16\n"
        "    .cfi_rel_offset x29, 0\n"
        "    .cfi_rel_offset x30, 8\n"
        "    bl vfork_prepare\n"
        "    ldp x29, x30, [sp], #16\n"
        "    .cfi_adjust_cfa_offset -16\n"
        "    .cfi_restore x29\n"
        "    .cfi_restore x30\n"
        "    mov x0, #0x4111\n" /* CLONE_VM | CLONE_VFORK | SIGCHLD */
        "    mov x1, xzr\n"     /* the same stack */
        "    mov x2, xzr\n"
        "    mov x3, xzr\n"
        "    mov x4, xzr\n"
        "    mov x8, #220\n"    /* SYS_clone */
        "    svc #0\n"
        "    cbz x0, 1f\n"
        "    stp x29, x30, [sp, #-16]!\n"
        "    .cfi_adjust_cfa_offset 16\n"
        "    .cfi_rel_offset x29, 0\n"
        "    .cfi_rel_offset x30, 8\n"
        "    bl vfork_result\n"
        "    ldp x29, x30, [sp], #16\n"
        "    .cfi_adjust_cfa_offset -16\n"
        "    .cfi_restore x29\n"
        "    .cfi_restore x30\n"
        "1:  ret\n"
        "    .cfi_endproc\n"
        ".size vfork, . - vfork\n"
        ".size __vfork, . - __vfork\n");
#endif

/* What clone's child must know before the program's function runs. */
struct clone_start {
    int (*function)(void *);
    void   *argument;
    int32_t borrowed_from; /* pid of the process whose memory, but not whose table, the child shares; else 0 */
    bool    ends_image;    /* a process of its own: libc's clone ends it with the function's answer, unseen */
};

static int start_clone(void *data)
{
    struct clone_start start = *(struct clone_start *)data;
    if (start.borrowed_from != 0) {
        thread_self.vfork_pid = start.borrowed_from;
        thread_self.unusual = true;
    }
    int answer = start.function(start.argument);
    return start.ends_image ? process_end(answer) : answer;
}

/* The parent waits, and the child uses the very thread structure that the parent's thread does. */
static bool is_vfork(int flags)
{
    return (flags & CLONE_VFORK) && !(flags & CLONE_SETTLS);
}

static void cloned(const struct call *call, int child, int flags, bool apart, const int *pidfd)
{
    if (apart && is_vfork(flags))
        vfork_result(child > 0 ? child : 0);
    if (child > 0 && !(flags & CLONE_VM))
        process_has_forked(call, child, store_now());
    if (child > 0 && (flags & CLONE_PIDFD) && pidfd != NULL)
        fd_born(call, *pidfd, NEWBORN(.kind = FDT_PIDFD, .cloexec = true));
}

/*
 * A child that shares our memory but not our table (CLONE_VM without CLONE_FILES) is treated like vfork's. With CLONE_FILES
 * it is one more user of the same table, and recorded as such. Without CLONE_VM it is a fork. The few words the child needs
 * go to the top of its own stack, which is nobody else's yet.
 */
#define CLONE(name)                                                                                    \
    HOOK(name, "clone");                                                                               \
    EXPORT int name(int (*function)(void *), void *stack, int flags, void *argument, ...)              \
    {                                                                                                  \
        struct call call = CALL(name);                                                                 \
        va_list rest;                                                                                  \
        va_start(rest, argument);                                                                      \
        int *parent_tid = va_arg(rest, int *);                                                         \
        void *tls = va_arg(rest, void *);                                                              \
        int *child_tid = va_arg(rest, int *);                                                          \
        va_end(rest);                                                                                  \
        bool forks = !(flags & CLONE_VM), apart = !forks && !(flags & CLONE_FILES);                    \
        if (function != NULL && stack != NULL && (forks || apart)) {                                   \
            struct clone_start *start = (void *)(((uintptr_t)stack - sizeof(*start)) & ~(uintptr_t)15); \
            *start = (struct clone_start){function, argument, apart ? (int32_t)raw(getpid) : 0, forks}; \
            function = start_clone;                                                                    \
            argument = stack = start;                                                                  \
        }                                                                                              \
        process_clones((unsigned)flags);                                                               \
        if (apart && is_vfork(flags))                                                                  \
            vfork_prepare();                                                                           \
        int child = REAL(name)(function, stack, flags, argument, parent_tid, tls, child_tid);          \
        cloned(&call, child, flags, apart, parent_tid);                                                \
        return child;                                                                                  \
    }

/* A thread that leaves the process's table goes on unrecorded, and what the process has stays as it was. */
HOOK(unshare, "unshare");
EXPORT int unshare(int flags)
{
    bool parts = (flags & CLONE_FILES) && process_threads_share();
    int answer = REAL(unshare)(flags);
    if (parts && answer == 0)
        process_thread_parts();
    return answer;
}

int __clone(int (*function)(void *), void *stack, int flags, void *argument, ...);
CLONE(clone)
CLONE(__clone)
