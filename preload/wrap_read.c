/*
 * Reads. They are plain uses of a descriptor, with two exceptions that make them awkward: a fanotify group returns an
 * open file with every event (and a pidfd, where asked for), a userfaultfd returns the userfaultfd of a forked child.
 */
#include "compat.h"
#include "family.h"
#include "raw.h"
#include "shapes.h"

#include <linux/fanotify.h>
#include <linux/userfaultfd.h>
#include <string.h>

/* Written by births, read by every read: a stale value is one read too early, before the group could have events. */
bool reads_bear;

/* Whether it is close-on-exec was settled when the group was made, maybe by another program: the kernel is asked. */
static void event_fd(const struct call *call, int group, int fd, uint8_t kind)
{
    int flags = fd >= 0 ? raw_getfd(fd) : -EBADF;
    if (flags >= 0)
        fd_born(call, fd, NEWBORN(.kind = kind, .cloexec = flags & FD_CLOEXEC, .from = group));
}

/* Behind the metadata of an event stand records with a length each; one kind of them holds a pidfd (Linux 5.15). */
static void event_records(const struct call *call, int group, const char *data, size_t size)
{
    struct fanotify_event_info_pidfd record;
    for (size_t at = 0; at + sizeof record.hdr <= size; at += record.hdr.len) {
        memcpy(&record.hdr, data + at, sizeof record.hdr);
        if (record.hdr.len < sizeof record.hdr || record.hdr.len > size - at)
            return;
        if (record.hdr.info_type == FAN_EVENT_INFO_TYPE_PIDFD && record.hdr.len >= sizeof record) {
            memcpy(&record, data + at, sizeof record);
            event_fd(call, group, record.pidfd, FDT_PIDFD);
        }
    }
}

static void fanotify_events(const struct call *call, int group, const char *data, size_t size)
{
    struct fanotify_event_metadata event;
    for (size_t at = 0; at + sizeof event <= size; at += event.event_len) {
        memcpy(&event, data + at, sizeof event);
        if (event.event_len < event.metadata_len || event.event_len > size - at || event.metadata_len < sizeof event)
            return;
        event_fd(call, group, event.fd, FDT_UNASKED);
        event_records(call, group, data + at + event.metadata_len, event.event_len - event.metadata_len);
    }
}

static void userfault_events(const struct call *call, int parent, const char *data, size_t size)
{
    struct uffd_msg message;
    for (size_t at = 0; at + sizeof message <= size; at += sizeof message) {
        memcpy(&message, data + at, sizeof message);
        if (message.event == UFFD_EVENT_FORK)
            event_fd(call, parent, (int)message.arg.fork.ufd, FDT_USERFAULTFD);
    }
}

/* The kernel fills a vector piece by piece, each as a read of its own: no event lies across two. */
void read_bore(const struct call *call, int fd, const struct iovec *vector, int count, size_t size)
{
    enum fdt_kind kind = fd_kind(fd);
    if (kind != FDT_FANOTIFY && kind != FDT_USERFAULTFD)
        return;
    for (int i = 0; i < count && size > 0; i++) {
        size_t here = vector[i].iov_len < size ? vector[i].iov_len : size;
        if (kind == FDT_FANOTIFY)
            fanotify_events(call, fd, vector[i].iov_base, here);
        else
            userfault_events(call, fd, vector[i].iov_base, here);
        size -= here;
    }
}

/* While some group bears descriptors, reads go through name_bearing, which keeps the arguments for afterwards. */
#define READ(name, public, list, vector, count)                                                        \
    FDT_EARLY(ssize_t, name, list)                                                                     \
    HOOK_AT(name, public, name##_early);                                                               \
    FDT_SPECIAL(ssize_t, name, list, FDT_FAILED(ssize_t), meant_fd, PREPARE(fd))                            \
    static COLD ssize_t name##_bearing(PARAMS(list))                                                   \
    {                                                                                                  \
        struct call call = CALL(name);                                                                 \
        fd_touch(fd);                                                                                  \
        ssize_t answer = libc_##name(ARGS(list));                                                      \
        if (answer > 0)                                                                                \
            read_bore(&call, fd, vector, count, (size_t)answer);                                       \
        fd_used(&call, answer, fd);                                                                    \
        return answer;                                                                                 \
    }                                                                                                  \
    EXPORT ssize_t name(PARAMS(list))                                                                  \
    {                                                                                                  \
        if (UNLIKELY(reads_bear))                                                                      \
            return name##_bearing(ARGS(list));                                                         \
        if (UNLIKELY(fd_is_special(fd)))                                                               \
            return name##_special(ARGS(list));                                                         \
        return libc_##name(ARGS(list));                                                                \
    }
#define INTO(buffer, size) (&(struct iovec){buffer, size})

READ(read, "read", ((int, fd), (void *, buffer), (size_t, size)), INTO(buffer, size), 1)
READ(__read, "read", ((int, fd), (void *, buffer), (size_t, size)), INTO(buffer, size), 1)
READ(__read_chk, "read", ((int, fd), (void *, buffer), (size_t, size), (size_t, room)), INTO(buffer, size), 1)
READ(readv, "readv", ((int, fd), (const struct iovec *, vector), (int, count)), vector, count)
READ(preadv2, "preadv2", ((int, fd), (const struct iovec *, vector), (int, count), (off_t, offset), (int, flags)), vector, count)
READ(preadv64v2, "preadv2", ((int, fd), (const struct iovec *, vector), (int, count), (off64_t, offset), (int, flags)), vector, count)
