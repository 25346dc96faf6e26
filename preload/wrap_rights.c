/*
 * Descriptors that travel in messages (SCM_RIGHTS), and the pidfd of the sender that SO_PASSPIDFD adds (SCM_PIDFD).
 *
 * Every descriptor in a received message is installed and is the receiver's to close, whether it was looked for or not:
 * the second one that fits a buffer meant for one, those of a truncated message (MSG_CTRUNC), the new copies of each
 * MSG_PEEK. So they are counted by cmsg_len, never by what the program expects.
 */
#include "compat.h"
#include "family.h"
#include "raw.h"
#include "rights.h"
#include "shapes.h"

#include <string.h>

/*
 * EBADF: the socket, or one of those to be sent. The kernel looks at the socket first, and at the message not at all
 * when that is dead, so neither do we: the message may be anything then.
 */
static void message_bad(const struct call *call, int fd, const struct msghdr *message)
{
    if ((fd_word(fd) & FDT_LIVE) == 0 || message == NULL) {
        fd_bad_use(call, fd);
        return;
    }
    EACH_PART(part, message)
        if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_RIGHTS)
            for (size_t i = 0; i < rights_count(message, part); i++)
                fd_bad_use(call, rights_at(part, i));
}

uint64_t message_sending(int fd)
{
    return UNLIKELY(rights_possible(fd)) ? store_now() : 0;
}

void message_sent(const struct call *call, long answer, uint64_t ns, int fd, const struct msghdr *message)
{
    fd_touch(fd);
    if (UNLIKELY(answer < 0) && errno == EBADF)
        message_bad(call, fd, message);
    else if (UNLIKELY(ns != 0) && answer >= 0 && message->msg_control != NULL)
        rights_sent(call, ns, fd, message);
}

/* What lies behind a received descriptor only the kernel knows. */
static void part_received(const struct call *call, int fd, const struct msghdr *message, const struct cmsghdr *part,
                          int flags)
{
    if (part->cmsg_level != SOL_SOCKET || (part->cmsg_type != SCM_RIGHTS && part->cmsg_type != SCM_PIDFD))
        return;
    bool pidfd = part->cmsg_type == SCM_PIDFD;
    for (size_t i = 0; i < rights_count(message, part); i++) {
        int received = rights_at(part, i);
        if (received < 0)
            continue; /* the kernel could not make the pidfd, and says so with a negative number */
        fd_born(call, received, NEWBORN(.kind = pidfd ? FDT_PIDFD : FDT_OTHER, .from = fd, .untouched = !pidfd,
                                        .cloexec = pidfd || (flags & MSG_CMSG_CLOEXEC)));
    }
}

void message_received(const struct call *call, long answer, int fd, const struct msghdr *message, int flags)
{
    fd_touch(fd);
    fd_used(call, answer, fd);
    if (LIKELY(answer < 0 || (message->msg_control == NULL && !(message->msg_flags & MSG_CTRUNC))))
        return;
    if (message->msg_control != NULL)
        EACH_PART(part, message)
            part_received(call, fd, message, part, flags);
    rights_received(call, fd, message, flags);
}

void messages_sent(const struct call *call, int answer, uint64_t ns, int fd, const struct mmsghdr *messages,
                   unsigned int count)
{
    if (answer < 0 && count > 0)
        message_sent(call, answer, 0, fd, &messages->msg_hdr);
    for (int i = 0; i < answer; i++)
        message_sent(call, 0, ns, fd, &messages[i].msg_hdr);
}

/* A message that names a closed number is refused. Its memory is the kernel's to judge: what cannot be read is left alone. */
static void yield_sent(int fd, const struct msghdr *message)
{
    if (LIKELY(!quarantine_on) || !rights_possible(fd) || !raw_readable(message) || message->msg_control == NULL ||
        !raw_readable(message->msg_control) ||
        !raw_readable((const char *)message->msg_control + message->msg_controllen - sizeof(uint64_t)))
        return;
    EACH_PART(part, message)
        if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_RIGHTS)
            for (size_t i = 0; i < rights_count(message, part); i++)
                quarantine_release(rights_at(part, i));
}

/* A message may bring as many as this at once (unix(7)). */
enum { RIGHTS_MOST = 253 };

static void make_room(int fd)
{
    if (UNLIKELY(quarantine_on) && rights_possible(fd))
        quarantine_make_room(RIGHTS_MOST);
}

HOOK(sendmsg, "sendmsg");
EXPORT ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    uint64_t ns = message_sending(fd);
    yield_sent(fd, message);
    ssize_t answer = REAL(sendmsg)(fd, message, flags);
    struct call call = CALL(sendmsg);
    message_sent(&call, answer, ns, fd, message);
    return answer;
}

/* Fails only when the very first message could not be sent; else the answer says how many were. */
HOOK(sendmmsg, "sendmmsg");
EXPORT int sendmmsg(int fd, struct mmsghdr *messages, unsigned int count, mmsg_flags_t flags)
{
    uint64_t ns = message_sending(fd);
    for (unsigned int i = 0; UNLIKELY(quarantine_on) && i < count && raw_readable(&messages[i]); i++)
        yield_sent(fd, &messages[i].msg_hdr);
    int answer = REAL(sendmmsg)(fd, messages, count, flags);
    struct call call = CALL(sendmmsg);
    messages_sent(&call, answer, ns, fd, messages, count);
    return answer;
}

HOOK(recvmsg, "recvmsg");
EXPORT ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
    struct call call = CALL(recvmsg);
    make_room(fd);
    ssize_t answer = REAL(recvmsg)(fd, message, flags);
    message_received(&call, answer, fd, message, flags);
    return answer;
}

/* Only as many messages as the answer says were filled in. */
HOOK(recvmmsg, "recvmmsg");
EXPORT int recvmmsg(int fd, struct mmsghdr *messages, unsigned int count, mmsg_flags_t flags, struct timespec *timeout)
{
    struct call call = CALL(recvmmsg);
    make_room(fd);
    int answer = REAL(recvmmsg)(fd, messages, count, flags, timeout);
    fd_used(&call, answer, fd);
    for (int i = 0; i < answer; i++)
        message_received(&call, 0, fd, &messages[i].msg_hdr, (int)flags);
    return answer;
}
