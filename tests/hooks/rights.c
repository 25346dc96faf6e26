/* Rows of preload/wrap_rights.c. */
#include "row.h"

#include <sys/socket.h>
#include <sys/uio.h>

/* A message of one byte with room for a few descriptors. */
struct parcel {
    char byte;
    struct iovec data;
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(4 * sizeof(int))];
    } control;
    struct mmsghdr message;
};

static struct mmsghdr *parcel_open(struct parcel *parcel, int room)
{
    memset(parcel, 0, sizeof *parcel);
    parcel->data = (struct iovec){&parcel->byte, 1};
    parcel->message.msg_hdr = (struct msghdr){.msg_iov = &parcel->data, .msg_iovlen = 1};
    if (room > 0) {
        parcel->message.msg_hdr.msg_control = parcel->control.space;
        parcel->message.msg_hdr.msg_controllen = CMSG_SPACE(room * sizeof(int));
    }
    return &parcel->message;
}

static struct mmsghdr *parcel_fill(struct parcel *parcel, const int *fds, int count)
{
    struct mmsghdr *message = parcel_open(parcel, count);
    struct cmsghdr *part = CMSG_FIRSTHDR(&message->msg_hdr);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(count * sizeof(int));
    memcpy(CMSG_DATA(part), fds, count * sizeof(int));
    return message;
}

/* Both ends of a pair, with three descriptors on their way to [1]. */
static void send_three(int pair[2])
{
    struct parcel parcel;
    const int fds[] = {1, 1, 2};
    MUST(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0);
    MUST(sendmsg(pair[0], &parcel_fill(&parcel, fds, 3)->msg_hdr, 0) == 1);
}

ROW(sendmsg)
{
    int pair[2];
    struct parcel parcel;
    send_three(pair);
    misused("sendmsg", sendmsg(stale(), &parcel_open(&parcel, 0)->msg_hdr, 0));
    /* The socket lives, what it is to carry does not. */
    int gone = stale();
    misused("sendmsg", sendmsg(pair[0], &parcel_fill(&parcel, &gone, 1)->msg_hdr, 0));
    /* On a dead socket the kernel does not look at the message, and it may be anything. */
    MUST(sendmsg(stale(), (void *)(uintptr_t)1, 0) == -1 && errno == EBADF);
}

ROW(sendmmsg)
{
    struct parcel parcel;
    misused("sendmmsg", sendmmsg(stale(), parcel_open(&parcel, 0), 1, 0));
}

/* All that fit are installed, asked for or not; looking at a message installs another set. */
ROW(recvmsg)
{
    int pair[2];
    struct parcel parcel;
    send_three(pair);
    puts("opened by recvmsg and still open");
    MUST(recvmsg(pair[1], &parcel_open(&parcel, 1)->msg_hdr, MSG_PEEK) == 1);
    MUST(recvmsg(pair[1], &parcel_open(&parcel, 4)->msg_hdr, MSG_CMSG_CLOEXEC) == 1);
    send_three(pair);
    MUST(recvmsg(pair[1], &parcel_open(&parcel, 0)->msg_hdr, 0) == 1);
    misused("recvmsg", recvmsg(stale(), &parcel_open(&parcel, 4)->msg_hdr, 0));
}

ROW(recvmmsg)
{
    int pair[2];
    struct parcel parcels[2];
    struct mmsghdr messages[2];
    send_three(pair);
    MUST(send(pair[0], "", 1, 0) == 1);
    for (int i = 0; i < 2; i++)
        messages[i] = *parcel_open(&parcels[i], 4);
    puts("opened by recvmmsg and still open");
    MUST(recvmmsg(pair[1], messages, 2, MSG_DONTWAIT, NULL) == 2);
    misused("recvmmsg", recvmmsg(stale(), messages, 2, 0, NULL));
}

/* The pidfd of the sender, which nobody has to send (Linux 6.5). */
CASE(passpidfd)
{
    enum { PASS_PIDFD = 76 }; /* SO_PASSPIDFD */
    int pair[2], on = 1;
    struct parcel parcel;
    MUST(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0);
    if (setsockopt(pair[1], SOL_SOCKET, PASS_PIDFD, &on, sizeof on) != 0)
        return;
    MUST(send(pair[0], "", 1, 0) == 1);
    MUST(recvmsg(pair[1], &parcel_open(&parcel, 4)->msg_hdr, 0) == 1);
    puts("opened by recvmsg and still open");
}
