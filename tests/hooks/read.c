/* Rows of preload/wrap_read.c. */
#include "row.h"

#include <sys/fanotify.h>
#include <sys/uio.h>

static struct iovec vector[] = {{bytes, 10}, {bytes + 10, sizeof bytes - 10}};

USED(read, "read", read(stale(), bytes, 1))
USED(__read, "read", __read(stale(), bytes, 1))
USED(__read_chk, "read", __read_chk(stale(), bytes, 1, sizeof bytes))
USED(readv, "readv", readv(stale(), vector, 2))
USED(preadv2, "preadv2", preadv2(stale(), vector, 2, 0, 0))
USED(preadv64v2, "preadv2", preadv64v2(stale(), vector, 2, 0, 0))

static ssize_t take_whole(int group)
{
    return read(group, bytes, sizeof bytes);
}

static ssize_t take_vector(int group)
{
    return readv(group, &(struct iovec){bytes, sizeof bytes}, 1);
}

/* An event with an open file and a pidfd in it, read whole or into a vector. Wants CAP_SYS_ADMIN. */
static void watch(unsigned event_flags, ssize_t (*take)(int))
{
    const char *path = scratch_path("watched");
    int group = fanotify_init(FAN_CLOEXEC | FAN_NONBLOCK | FAN_REPORT_PIDFD, event_flags);
    if (kept("fanotify_init", group) < 0)
        return;
    close(open(path, O_RDWR | O_CREAT, 0600));
    MUST(fanotify_mark(group, FAN_MARK_ADD, FAN_OPEN, AT_FDCWD, path) == 0);
    close(open(path, O_RDONLY));
    MUST(take(group) > 0);
    puts(take == take_whole ? "opened by read" : "opened by readv");
    MUST(fanotify_mark(group, FAN_MARK_FLUSH, 0, AT_FDCWD, NULL) == 0 && unlink(path) == 0);
}

CASE(fanotify_read)
{
    watch(O_RDONLY, take_whole);
    watch(O_RDONLY | O_CLOEXEC, take_whole);
}

CASE(fanotify_readv)
{
    watch(O_RDONLY, take_vector);
    watch(O_RDONLY | O_CLOEXEC, take_vector);
}
