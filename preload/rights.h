/*
 * Rights: the log of descriptors that went out and came in by messages, by which the analyzer pairs a send with its receive
 * in another process. No system call tells what a socket is connected to, so both ends carry a token (segment.h) from
 * their birth: socketpair gives its two sockets one each, bind and connect derive theirs from the name.
 */
#ifndef FDTRACE_RIGHTS_H
#define FDTRACE_RIGHTS_H

#include "hook.h"

#include <sys/socket.h>

/* A new socketpair's first token; the other end's is that ^ 1. Lock-free. */
uint64_t rights_pair(void);
/* bind (binds) or connect gave fd this name. */
void rights_named(int fd, const char *name, bool binds);
/* The token of a socket, 0 unknown; accept hands its listener's on. */
uint64_t rights_token(int fd);

/* May messages through fd carry descriptors? Only then the time before a send is worth taking. */
bool rights_possible(int fd);
/* A message was sent; ns was taken before the call. */
void rights_sent(const struct call *call, uint64_t ns, int fd, const struct msghdr *message);
/* A message came in, and its descriptors have been recorded as born. */
void rights_received(const struct call *call, int fd, const struct msghdr *message, int flags);

/* How many descriptors a part of the message's control data holds, none beyond the end of the data; and the i-th. */
size_t rights_count(const struct msghdr *message, const struct cmsghdr *part);
int rights_at(const struct cmsghdr *part, size_t i);

#define EACH_PART(part, message)                                                                       \
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part != NULL;                                  \
         part = CMSG_NXTHDR((struct msghdr *)(message), part))

#endif
