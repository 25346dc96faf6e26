/*
 * syscall(): the calls of libc by number, and those libc has no function for. Six words are forwarded whatever the
 * number.
 *
 * AS(open) enrols a hook without a name: nothing to bind or export, but a call id whose public name is the decoded
 * call's. What libc's own function of that name would record is recorded here, by the family's code where there is some
 * (family.h). Uses are not followed (a program that makes its own system calls looks after its own EBADF), except where
 * a family's code tells them anyway.
 */
#include "address.h"
#include "compat.h"
#include "family.h"
#include "option.h"
#include "process.h"
#include "shapes.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/bpf.h>
#include <linux/close_range.h>
#include <linux/io_uring.h>
#include <linux/landlock.h>
#include <linux/mount.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

/* The number and its six words. */
struct words {
    long number, a, b, c, d, e, f;
};

HOOK(syscall, "syscall");

/* Calls that answer on a tombstone (quarantine.h) as on an open number, which is their first word. */
static bool asks_for_tombstone(const struct words *w)
{
    switch (w->number) {
    case SYS_openat: case SYS_openat2: case SYS_newfstatat: case SYS_fstat: case SYS_statx: case SYS_fstatfs:
    case SYS_fchdir: case SYS_fchownat: case SYS_faccessat: case SYS_faccessat2: case SYS_fchmodat: case SYS_mkdirat:
    case SYS_mknodat: case SYS_unlinkat: case SYS_readlinkat: case SYS_utimensat: case SYS_linkat: case SYS_renameat2:
    case SYS_name_to_handle_at: case SYS_open_tree: case SYS_fspick: case SYS_dup: case SYS_fcntl: case SYS_execveat:
        break;
#ifdef SYS_dup2
    case SYS_dup2:
        break;
#endif
    case SYS_dup3: /* which has a word of its own for a number and itself */
        return (int)w->a != (int)w->b && quarantine_holds((int)w->a);
    default:
        return false;
    }
    return quarantine_holds((int)w->a);
}

static long real(const struct words *w)
{
    if (UNLIKELY(quarantine_on) && asks_for_tombstone(w))
        return REAL(syscall)(w->number, (long)QUARANTINE_NOBODY, w->b, w->c, w->d, w->e, w->f);
    return REAL(syscall)(w->number, w->a, w->b, w->c, w->d, w->e, w->f);
}

#define AS(public)                                                                                     \
    ({                                                                                                 \
        CALL_NAME(numbered, #public);                                                                  \
        call->id = (uint16_t)(numbered - __start_fdt_hooks);                                           \
    })

/* One line for a number that answers with a new descriptor; the rest of the line may look at `fd`. */
#define RAW_BIRTH(name, ...)                                                                           \
    {                                                                                                  \
        AS(name);                                                                                      \
        long fd = real(w);                                                                             \
        fd_born(call, (int)fd, NEWBORN(__VA_ARGS__));                                                  \
        return fd;                                                                                     \
    }
#define RAW_OPENED(path, open_flags)                                                                   \
    .kind = open_kind((int)(open_flags)), .cloexec = (open_flags) & O_CLOEXEC,                         \
    .flags = (uint32_t)(open_flags), .name = (const char *)(path)

/* Deaths */

static int close_by_number(int fd)
{
    return (int)REAL(syscall)(SYS_close, (long)fd, 0L, 0L, 0L, 0L, 0L);
}

static long raw_close(struct call *call, const struct words *w)
{
    AS(close);
    struct dying dying = fd_ending(call, (int)w->a, FDT_OWNER_NONE, NULL);
    long answer = UNLIKELY(quarantine_on) ? quarantine_close(&dying, (int)w->a, close_by_number) : real(w);
    fd_died(call, &dying, answer < 0 ? errno : 0);
    return answer;
}

/* A thread that takes a table of its own along. */
static long raw_parts(const struct words *w)
{
    long answer = real(w);
    if (answer == 0)
        process_thread_parts();
    return answer;
}

static long raw_close_range(struct call *call, const struct words *w)
{
    AS(close_range);
    unsigned first = (unsigned)w->a, last = (unsigned)w->b;
    bool closes = (w->c & CLOSE_RANGE_CLOEXEC) == 0;
    if ((w->c & CLOSE_RANGE_UNSHARE) && process_threads_share())
        return raw_parts(w);
    if (closes)
        fd_sweep_begin(call, first, last);
    long answer = real(w);
    if (closes)
        fd_sweep_end(first, last, answer < 0 ? errno : 0);
    else if (answer == 0)
        fd_sweep_cloexec(first, last);
    return answer;
}

/* Copies and flags. The kernel's dup2 and dup3 are what wrap_dup.c says of libc's. */

static long raw_dup(struct call *call, const struct words *w)
{
    AS(dup);
    uint64_t seen = fd_word((int)w->a);
    long answer = real(w);
    fd_duped(call, (int)w->a, seen, (int)answer, false);
    fd_used(call, answer, (int)w->a);
    return answer;
}

static long raw_dup_onto(struct call *call, const struct words *w, bool cloexec)
{
    int fd = (int)w->a, target = (int)w->b;
    struct dying dying = fd_dying(call, fd != target ? target : -1);
    uint64_t seen = fd_word(fd);
    bool yielded = fd_yields(fd, target);
    long answer = real(w);
    if (answer < 0) {
        fd_survived(call, &dying);
        if (UNLIKELY(yielded))
            quarantine_stays(target);
        if (fd != target)
            fd_used(call, answer, fd);
    } else if (fd != target) {
        fd_replaced(call, &dying, fd, seen, cloexec);
    }
    return answer;
}

static long raw_fcntl(struct call *call, const struct words *w)
{
    AS(fcntl);
    uint64_t word = fd_word((int)w->a);
    long answer = real(w);
    fcntl_done(call, (int)answer, (int)w->a, (int)w->b, (uintptr_t)w->c, word);
    return answer;
}

static long raw_ioctl(struct call *call, const struct words *w)
{
    AS(ioctl);
    uint64_t word = ioctl_flags((unsigned long)w->b) ? fd_word((int)w->a) : 0;
    long answer = real(w);
    ioctl_done(call, (int)answer, (int)w->a, (unsigned long)w->b, (uintptr_t)w->c, word);
    return answer;
}

/* Several at once, or inside data */

static long raw_pair(struct call *call, const struct words *w, long pair, const struct birth *birth)
{
    long answer = real(w);
    pair_born(call, (int)answer, (const int *)pair, birth);
    return answer;
}

static long raw_accept(struct call *call, const struct words *w, bool cloexec)
{
    char text[ADDRESS_SIZE];
    const struct sockaddr *address = (const struct sockaddr *)w->b;
    const socklen_t *length = (const socklen_t *)w->c;
    socklen_t room = address != NULL && length != NULL ? *length : 0;
    long answer = real(w);
    accepted(call, (int)answer, (int)w->a, cloexec,
             answer >= 0 ? address_received(text, address, room, length) : NULL);
    return answer;
}

static long raw_name(struct call *call, const struct words *w)
{
    long answer = real(w);
    name_told(call, (int)answer, (int)w->a, (const struct sockaddr *)w->b, (socklen_t)w->c);
    return answer;
}

static long raw_message(struct call *call, const struct words *w)
{
    const struct mmsghdr *messages = (const struct mmsghdr *)w->b;
    bool several = w->number == SYS_sendmmsg || w->number == SYS_recvmmsg;
    bool received = w->number == SYS_recvmsg || w->number == SYS_recvmmsg;
    int flags = (int)(several ? w->d : w->c);
    uint64_t ns = received ? 0 : message_sending((int)w->a);
    long answer = real(w);
    if (!received && several)
        messages_sent(call, (int)answer, ns, (int)w->a, messages, (unsigned)w->c);
    else if (!received)
        message_sent(call, answer, ns, (int)w->a, &messages->msg_hdr);
    else if (!several || answer < 0)
        message_received(call, answer, (int)w->a, &messages->msg_hdr, flags);
    for (long i = 0; received && several && i < answer; i++)
        message_received(call, 0, (int)w->a, &messages[i].msg_hdr, flags);
    return answer;
}

static long raw_getsockopt(struct call *call, const struct words *w)
{
    AS(getsockopt);
    long answer = real(w);
    sockopt_got(call, (int)answer, (int)w->a, (int)w->b, (int)w->c, (const void *)w->d);
    return answer;
}

static long raw_read(struct call *call, const struct words *w)
{
    struct iovec whole = {(void *)w->b, (size_t)w->c};
    bool several = w->number == SYS_readv;
    const struct iovec *vector = several ? (const struct iovec *)w->b : &whole;
    long answer = real(w);
    fd_used(call, answer, (int)w->a);
    if (UNLIKELY(reads_bear) && answer > 0)
        read_bore(call, (int)w->a, vector, several ? (int)w->c : 1, (size_t)answer);
    return answer;
}

/* Numbers whose answer is a descriptor only sometimes */

static long raw_signalfd(struct call *call, const struct words *w, long flags)
{
    AS(signalfd);
    long answer = real(w);
    if ((int)w->a == -1)
        fd_born(call, (int)answer, NEWBORN(.kind = FDT_SIGNALFD, .cloexec = flags & SFD_CLOEXEC));
    return answer;
}

static long raw_reader(struct call *call, const struct words *w, uint8_t kind, bool cloexec)
{
    long answer = real(w);
    fd_born(call, (int)answer, NEWBORN(.kind = kind, .cloexec = cloexec));
    reads_bear |= answer >= 0;
    return answer;
}

/* bpf(2): objects made, fetched from a path or by id; all close-on-exec. Every other command answers a number. */
static bool bpf_bears(long command)
{
    switch (command) {
    case BPF_MAP_CREATE:
    case BPF_PROG_LOAD:
    case BPF_OBJ_GET:
    case BPF_PROG_GET_FD_BY_ID:
    case BPF_MAP_GET_FD_BY_ID:
    case BPF_RAW_TRACEPOINT_OPEN:
    case BPF_BTF_LOAD:
    case BPF_BTF_GET_FD_BY_ID:
    case BPF_LINK_CREATE:
    case BPF_LINK_GET_FD_BY_ID:
    case BPF_ENABLE_STATS:
    case BPF_ITER_CREATE:
    case 36: /* BPF_TOKEN_CREATE, Linux 6.9 */
        return true;
    default:
        return false;
    }
}

static long raw_maybe(struct call *call, const struct words *w, bool bears, uint8_t kind)
{
    long answer = real(w);
    if (bears)
        fd_born(call, (int)answer, NEWBORN(.kind = kind, .cloexec = true));
    return answer;
}

/* IORING_SETUP_REGISTERED_FD_ONLY (Linux 6.5): the ring is an index in a private table, no descriptor. */
static long raw_io_uring(struct call *call, const struct words *w)
{
    AS(io_uring_setup);
    long answer = real(w);
    bool private = answer >= 0 && ((const struct io_uring_params *)w->b)->flags & (1u << 15);
    if (!private)
        fd_born(call, (int)answer, NEWBORN(.kind = FDT_IO_URING, .cloexec = true));
    return answer;
}

static long raw_seccomp(struct call *call, const struct words *w)
{
    AS(seccomp);
    bool listens = w->a == SECCOMP_SET_MODE_FILTER && w->b & SECCOMP_FILTER_FLAG_NEW_LISTENER;
    bool installs = w->a == SECCOMP_SET_MODE_FILTER || w->a == SECCOMP_SET_MODE_STRICT;
    bool announced = installs && process_filters();
    long answer = raw_maybe(call, w, listens, FDT_OTHER);
    if (announced && answer < 0)
        process_filter_refused();
    return answer;
}

static long raw_prctl(const struct words *w)
{
    bool announced = w->a == PR_SET_SECCOMP && process_filters();
    long answer = real(w);
    if (announced && answer != 0)
        process_filter_refused();
    return answer;
}

/* What x86-64 still has and newer machines never had: calls without a flags word. */
#ifdef SYS_open
static long decode_legacy(struct call *call, const struct words *w)
{
    switch (w->number) {
    case SYS_open: RAW_BIRTH(open, RAW_OPENED(w->a, w->b))
    case SYS_creat: RAW_BIRTH(creat, RAW_OPENED(w->a, O_CREAT | O_WRONLY | O_TRUNC))
    case SYS_dup2: return AS(dup2), raw_dup_onto(call, w, false);
    case SYS_pipe: return AS(pipe), raw_pair(call, w, w->a, NEWBORN(.kind = FDT_PIPE));
    case SYS_epoll_create: RAW_BIRTH(epoll_create, .kind = FDT_EPOLL)
    case SYS_eventfd: RAW_BIRTH(eventfd, .kind = FDT_EVENTFD)
    case SYS_signalfd: return raw_signalfd(call, w, 0);
    case SYS_inotify_init: RAW_BIRTH(inotify_init, .kind = FDT_INOTIFY)
    default: return real(w);
    }
}
#else
#define decode_legacy(call, w) real(w)
#endif

static long decode_socket(struct call *call, const struct words *w)
{
    switch (w->number) {
    case SYS_socket: RAW_BIRTH(socket, .kind = socket_kind((int)w->a), .cloexec = w->b & SOCK_CLOEXEC, .flags = (uint32_t)w->b)
    case SYS_socketpair: return AS(socketpair), raw_pair(call, w, w->d, NEWBORN(.kind = socket_kind((int)w->a), .cloexec = w->b & SOCK_CLOEXEC, .flags = (uint32_t)w->b));
    case SYS_accept: return AS(accept), raw_accept(call, w, false);
    case SYS_accept4: return AS(accept4), raw_accept(call, w, w->d & SOCK_CLOEXEC);
    case SYS_bind: return AS(bind), raw_name(call, w);
    case SYS_connect: return AS(connect), raw_name(call, w);
    case SYS_sendmsg: return AS(sendmsg), raw_message(call, w);
    case SYS_sendmmsg: return AS(sendmmsg), raw_message(call, w);
    case SYS_recvmsg: return AS(recvmsg), raw_message(call, w);
    case SYS_recvmmsg: return AS(recvmmsg), raw_message(call, w);
    case SYS_getsockopt: return raw_getsockopt(call, w);
    default: return decode_legacy(call, w);
    }
}

/* Looked at afterwards, on both sides: only then the arguments of clone3 are known to be readable. */
static long raw_clone(struct call *call, const struct words *w, bool by_structure)
{
    long answer = decode_socket(call, w);
    if (answer >= 0)
        process_clones(by_structure ? (unsigned long)((const struct clone_args *)w->a)->flags : (unsigned long)w->a);
    return answer;
}

static long decode(struct call *call, const struct words *w)
{
    switch (w->number) {
    case SYS_openat: RAW_BIRTH(openat, RAW_OPENED(w->b, w->c))
    case SYS_openat2: RAW_BIRTH(openat2, RAW_OPENED(w->b, fd >= 0 ? ((const struct open_how *)w->c)->flags : 0))
    case SYS_open_by_handle_at: RAW_BIRTH(open_by_handle_at, RAW_OPENED(NULL, w->c))
    case SYS_memfd_create: RAW_BIRTH(memfd_create, .kind = FDT_MEMFD, .cloexec = w->b & MFD_CLOEXEC, .name = (const char *)w->a)
    case SYS_memfd_secret: RAW_BIRTH(memfd_secret, .kind = FDT_MEMFD, .cloexec = w->a & O_CLOEXEC)
    case SYS_mq_open: RAW_BIRTH(mq_open, .kind = FDT_MQUEUE, .cloexec = true, .flags = (uint32_t)w->b, .name = (const char *)w->a)
    case SYS_fsopen: RAW_BIRTH(fsopen, .kind = FDT_MOUNT, .cloexec = w->b & FSOPEN_CLOEXEC)
    case SYS_fsmount: RAW_BIRTH(fsmount, .kind = FDT_MOUNT, .cloexec = w->b & FSMOUNT_CLOEXEC)
    case SYS_fspick: RAW_BIRTH(fspick, .kind = FDT_MOUNT, .cloexec = w->c & FSPICK_CLOEXEC, .name = (const char *)w->b)
    case SYS_open_tree: RAW_BIRTH(open_tree, .kind = FDT_MOUNT, .cloexec = w->c & OPEN_TREE_CLOEXEC, .name = (const char *)w->b)
    case SYS_open_tree_attr: RAW_BIRTH(open_tree_attr, .kind = FDT_MOUNT, .cloexec = w->c & OPEN_TREE_CLOEXEC, .name = (const char *)w->b)
    case SYS_epoll_create1: RAW_BIRTH(epoll_create1, .kind = FDT_EPOLL, .cloexec = w->a & EPOLL_CLOEXEC)
    case SYS_eventfd2: RAW_BIRTH(eventfd, .kind = FDT_EVENTFD, .cloexec = w->b & EFD_CLOEXEC)
    case SYS_timerfd_create: RAW_BIRTH(timerfd_create, .kind = FDT_TIMERFD, .cloexec = w->b & TFD_CLOEXEC)
    case SYS_inotify_init1: RAW_BIRTH(inotify_init1, .kind = FDT_INOTIFY, .cloexec = w->a & IN_CLOEXEC)
    case SYS_signalfd4: return raw_signalfd(call, w, w->d);
    case SYS_fanotify_init: return AS(fanotify_init), raw_reader(call, w, FDT_FANOTIFY, w->a & FAN_CLOEXEC);
    case SYS_userfaultfd: return AS(userfaultfd), raw_reader(call, w, FDT_USERFAULTFD, w->a & O_CLOEXEC);
    case SYS_read: return AS(read), raw_read(call, w);
    case SYS_readv: return AS(readv), raw_read(call, w);
    case SYS_pidfd_open: RAW_BIRTH(pidfd_open, .kind = FDT_PIDFD, .cloexec = true)
    case SYS_pidfd_getfd: RAW_BIRTH(pidfd_getfd, .kind = FDT_OTHER, .cloexec = true, .from = (int)w->a)
    case SYS_perf_event_open: RAW_BIRTH(perf_event_open, .kind = FDT_PERF, .cloexec = w->e & PERF_FLAG_FD_CLOEXEC)
    case SYS_bpf: return AS(bpf), raw_maybe(call, w, bpf_bears((int)w->a), FDT_BPF);
    case SYS_io_uring_setup: return raw_io_uring(call, w);
    case SYS_landlock_create_ruleset: return AS(landlock_create_ruleset), raw_maybe(call, w, (uint32_t)w->c == 0, FDT_LANDLOCK);
    case SYS_seccomp: return raw_seccomp(call, w);
    case SYS_prctl: return raw_prctl(w);
    case SYS_pipe2: return AS(pipe2), raw_pair(call, w, w->a, NEWBORN(.kind = FDT_PIPE, .cloexec = w->b & O_CLOEXEC, .flags = (uint32_t)w->b));
    case SYS_dup: return raw_dup(call, w);
    case SYS_dup3: return AS(dup3), raw_dup_onto(call, w, w->c & O_CLOEXEC);
    case SYS_fcntl: return raw_fcntl(call, w);
    case SYS_ioctl: return raw_ioctl(call, w);
    case SYS_close: return raw_close(call, w);
    case SYS_close_range: return raw_close_range(call, w);

    case SYS_execve: return AS(execve), exec_raw(call, AT_FDCWD, (const char *)w->a, (char *const *)w->b, (char *const *)w->c, 0);
    case SYS_execveat: return AS(execveat), exec_raw(call, (int)w->a, (const char *)w->b, (char *const *)w->c, (char *const *)w->d, (int)w->e);

    case SYS_clone: return raw_clone(call, w, false);
    case SYS_clone3: return raw_clone(call, w, true);

    case SYS_unshare: return (w->a & CLONE_FILES) && process_threads_share() ? raw_parts(w) : real(w);
    /* Other process calls: fork, vfork, setrlimit, prlimit64, exit, exit_group. */
    default: return decode_socket(call, w);
    }
}

/* For option last_used: what the commonest calls use, which is their first word. */
static void touch(const struct words *w)
{
    switch (w->number) {
    case SYS_read: case SYS_write: case SYS_readv: case SYS_writev: case SYS_pread64: case SYS_pwrite64: case SYS_preadv:
    case SYS_pwritev: case SYS_preadv2: case SYS_pwritev2: case SYS_lseek: case SYS_getdents64: case SYS_ftruncate:
    case SYS_sendto: case SYS_recvfrom: case SYS_sendmsg: case SYS_recvmsg: case SYS_sendmmsg: case SYS_recvmmsg:
    case SYS_sendfile: case SYS_splice: case SYS_epoll_ctl: case SYS_epoll_pwait: case SYS_fsync: case SYS_fdatasync:
    case SYS_openat: case SYS_accept: case SYS_accept4: case SYS_listen: case SYS_setsockopt: case SYS_io_uring_enter:
#ifdef SYS_epoll_wait
    case SYS_epoll_wait:
#endif
        fd_touch((int)w->a);
    }
}

EXPORT long syscall(long number, ...)
{
    struct words words = {.number = number};
    va_list list;
    va_start(list, number);
    words.a = va_arg(list, long);
    words.b = va_arg(list, long);
    words.c = va_arg(list, long);
    words.d = va_arg(list, long);
    words.e = va_arg(list, long);
    words.f = va_arg(list, long);
    va_end(list);
    struct call call = CALL(syscall);
    call.raw = true;
    if (UNLIKELY(options.last_used))
        touch(&words);
    return decode(&call, &words);
}
