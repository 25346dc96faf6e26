/*
 * Descriptors that travel in messages (SCM_RIGHTS), and the pidfd of the sender that SO_PASSPIDFD adds (SCM_PIDFD).
 *
 * Every descriptor in a received message is installed and is the receiver's to close, whether it was looked for or not:
 * the second one that fits a buffer meant for one, those of a truncated message (MSG_CTRUNC), the new copies of each
 * MSG_PEEK. So they are counted by cmsg_len, never by what the program expects.
 */
#include "compat.h"
#include "family.h"
#include "shapes.h"

#include <string.h>

static size_t rights_count(const struct cmsghdr *part)
{
    return part->cmsg_len > CMSG_LEN(0) ? (part->cmsg_len - CMSG_LEN(0)) / sizeof(int) : 0;
}

static int right_at(const struct cmsghdr *part, size_t i)
{
    int fd;
    memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
    return fd;
}

#define EACH_PART(part, message)                                                                       \
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part != NULL;                                  \
         part = CMSG_NXTHDR((struct msghdr *)(message), part))

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
            for (size_t i = 0; i < rights_count(part); i++)
                fd_bad_use(call, right_at(part, i));
}

void message_sent(const struct call *call, long answer, int fd, const struct msghdr *message)
{
    if (UNLIKELY(answer < 0) && errno == EBADF)
        message_bad(call, fd, message);
}

/* What lies behind a received descriptor only the kernel knows. */
static void part_received(const struct call *call, int fd, const struct cmsghdr *part, int flags)
{
    if (part->cmsg_level != SOL_SOCKET || (part->cmsg_type != SCM_RIGHTS && part->cmsg_type != SCM_PIDFD))
        return;
    bool pidfd = part->cmsg_type == SCM_PIDFD;
    for (size_t i = 0; i < rights_count(part); i++) {
        int received = right_at(part, i);
        if (received < 0)
            continue; /* the kernel could not make the pidfd, and says so with a negative number */
        fd_born(call, received, NEWBORN(.kind = pidfd ? FDT_PIDFD : FDT_OTHER, .from = fd,
                                        .cloexec = pidfd || (flags & MSG_CMSG_CLOEXEC)));
    }
}

void message_received(const struct call *call, long answer, int fd, const struct msghdr *message, int flags)
{
    fd_used(call, answer, fd);
    if (LIKELY(answer < 0 || message->msg_control == NULL))
        return;
    EACH_PART(part, message)
        part_received(call, fd, part, flags);
}

HOOK(sendmsg, "sendmsg");
EXPORT ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    ssize_t answer = REAL(sendmsg)(fd, message, flags);
    struct call call = CALL(sendmsg);
    message_sent(&call, answer, fd, message);
    return answer;
}

/* Fails only when the very first message could not be sent. */
HOOK(sendmmsg, "sendmmsg");
EXPORT int sendmmsg(int fd, struct mmsghdr *messages, unsigned int count, int flags)
{
    int answer = REAL(sendmmsg)(fd, messages, count, flags);
    struct call call = CALL(sendmmsg);
    if (count > 0)
        message_sent(&call, answer, fd, &messages->msg_hdr);
    return answer;
}

HOOK(recvmsg, "recvmsg");
EXPORT ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
    struct call call = CALL(recvmsg);
    ssize_t answer = REAL(recvmsg)(fd, message, flags);
    message_received(&call, answer, fd, message, flags);
    return answer;
}

/* Only as many messages as the answer says were filled in. */
HOOK(recvmmsg, "recvmmsg");
EXPORT int recvmmsg(int fd, struct mmsghdr *messages, unsigned int count, int flags, struct timespec *timeout)
{
    struct call call = CALL(recvmmsg);
    int answer = REAL(recvmmsg)(fd, messages, count, flags, timeout);
    fd_used(&call, answer, fd);
    for (int i = 0; i < answer; i++)
        message_received(&call, 0, fd, &messages[i].msg_hdr, flags);
    return answer;
}
