/*
 * fcntl and ioctl: one name each for a hundred calls, of which some make descriptors and some set close-on-exec.
 */
#include "compat.h"
#include "family.h"
#include "raw.h"
#include "shapes.h"

#include <string.h>
#include <sys/ioctl.h>

/* Variadic: the third word, whatever it is, is forwarded as a word. Commands without one leave it unread. */
#define FETCH_WORD(word, after)                                                                        \
    va_list list;                                                                                      \
    va_start(list, after);                                                                             \
    uintptr_t word = va_arg(list, uintptr_t);                                                          \
    va_end(list);

/*
 * EBADF is no misuse where programs ask that way whether a number is open: F_GETFD and F_GETFL; F_SETFD, which is swept
 * over all numbers before an exec; F_DUPFD, by which shells save the number that a redirection is about to replace.
 */
static bool fcntl_probes(int command)
{
    return command == F_GETFD || command == F_GETFL || command == F_SETFD || command == F_DUPFD ||
           command == F_DUPFD_CLOEXEC;
}

void fcntl_done(const struct call *call, int answer, int fd, int command, uintptr_t argument, uint64_t word)
{
    if (command == F_DUPFD || command == F_DUPFD_CLOEXEC)
        fd_duped(call, fd, word, answer, command == F_DUPFD_CLOEXEC);
    else if (command == F_SETFD && answer == 0)
        fd_flagged(call, fd, word, argument & FD_CLOEXEC);
    else if (!fcntl_probes(command)) {
        fd_touch(fd);
        fd_used(call, answer, fd);
    }
}

#define FCNTL(name)                                                                                    \
    HOOK(name, "fcntl");                                                                               \
    EXPORT int name(int fd, int command, ...)                                                          \
    {                                                                                                  \
        FETCH_WORD(argument, command)                                                                  \
        struct call call = CALL(name);                                                                 \
        uint64_t word = fd_word(fd);                                                                   \
        int answer = REAL(name)(quarantine_stand_in(fd), command, argument);                                                \
        fcntl_done(&call, answer, fd, command, argument, word);                                        \
        return answer;                                                                                 \
    }

FCNTL(fcntl)
FCNTL(fcntl64)
FCNTL(__fcntl)

/* A request that makes a descriptor. Negative offsets stand for what is not in the structure. */
struct maker {
    uint32_t request;
    int16_t  fd_at;      /* offset of the descriptor, or RETURNED           */
    int16_t  flags_at;   /* offset of the flags, or one of the words below  */
    uint32_t flag;       /* the bit that asks for close-on-exec             */
    uint8_t  kind;
};

enum { FROM_RETURN = -1, FROM_ALWAYS = -2, FROM_NEVER = -3, FROM_ARGUMENT = -4, FROM_KERNEL = -5 };

#define AT(offset)         offset
#define RETURNED           FROM_RETURN
#define ALWAYS             FROM_ALWAYS, 0
#define NEVER              FROM_NEVER, 0
#define ASK                FROM_KERNEL, 0
#define ARGUMENT(bit)      FROM_ARGUMENT, bit
#define FIELD(offset, bit) offset, bit
static const struct maker makers[] = {
#define IOCTL(request, name, where, cloexec, kind) {request, where, cloexec, FDT_##kind},
#include "ioctls.def"
#undef IOCTL
};

static const struct maker *maker_of(uint32_t request)
{
    size_t low = 0, high = sizeof makers / sizeof *makers;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (makers[middle].request < request)
            low = middle + 1;
        else
            high = middle;
    }
    return low < sizeof makers / sizeof *makers && makers[low].request == request ? &makers[low] : NULL;
}

static uint32_t field_at(uintptr_t structure, int offset)
{
    uint32_t field;
    memcpy(&field, (const char *)structure + offset, sizeof field);
    return field;
}

static bool maker_cloexec(const struct maker *maker, uintptr_t argument, int fd)
{
    switch (maker->flags_at) {
    case FROM_ALWAYS: return true;
    case FROM_NEVER: return false;
    case FROM_ARGUMENT: return argument & maker->flag;
    case FROM_KERNEL: return raw_getfd(fd) == FD_CLOEXEC;
    default: return field_at(argument, maker->flags_at) & maker->flag;
    }
}

#define KVM_CREATE_DEVICE      0xc00caee0u
#define KVM_CREATE_DEVICE_TEST 1u   /* in the flags at offset 8: only asks whether the device could be made */

static void ioctl_born(const struct call *call, int answer, const struct maker *maker, uintptr_t argument, int from)
{
    if (answer < 0) {
        fd_refused(call);
        return;
    }
    if (maker->request == KVM_CREATE_DEVICE && field_at(argument, 8) & KVM_CREATE_DEVICE_TEST)
        return;
    int fd = maker->fd_at == FROM_RETURN ? answer : (int)field_at(argument, maker->fd_at);
    /* Drivers may share a request's number. A number that lives is not being born: this was another driver's answer. */
    if (fd < 0 || fd_word(fd) & FDT_LIVE)
        return;
    fd_born(call, fd, NEWBORN(.kind = maker->kind, .from = from, .cloexec = maker_cloexec(maker, argument, fd)));
    reads_bear |= maker->kind == FDT_USERFAULTFD;
}

/* The kernel looks at 32 bits of the request; a program may have passed it through a signed int. */
bool ioctl_flags(unsigned long request)
{
    return (uint32_t)request == FIOCLEX || (uint32_t)request == FIONCLEX;
}

void ioctl_done(const struct call *call, int answer, int fd, unsigned long request, uintptr_t argument, uint64_t word)
{
    /* Swept over all numbers by some event loops before an exec, so EBADF is no misuse. */
    if (ioctl_flags(request)) {
        if (answer == 0)
            fd_flagged(call, fd, word, (uint32_t)request == FIOCLEX);
        return;
    }
    fd_touch(fd);
    fd_used(call, answer, fd);
    const struct maker *maker = maker_of((uint32_t)request);
    if (UNLIKELY(maker != NULL))
        ioctl_born(call, answer, maker, argument, fd);
}

HOOK(ioctl, "ioctl");
EXPORT int ioctl(int fd, ioctl_request_t request, ...)
{
    FETCH_WORD(argument, request)
    struct call call = CALL(ioctl);
    uint64_t word = ioctl_flags((uint32_t)request) ? fd_word(fd) : 0;
    int answer = REAL(ioctl)(fd, request, argument);
    ioctl_done(&call, answer, fd, (uint32_t)request, argument, word);
    return answer;
}
