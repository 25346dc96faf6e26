/* Rows of preload/wrap_ipc.c. */
#include "row.h"

#include <sys/mman.h>
#include <sys/pidfd.h>

ROW(memfd_create)
{
    kept("memfd_create", memfd_create("row", 0));
    kept("memfd_create", memfd_create("row", MFD_CLOEXEC));
}

ROW(shm_open)
{
    kept("shm_open", shm_open("/fdtrace-row", O_RDWR | O_CREAT, 0600));
    MUST(shm_unlink("/fdtrace-row") == 0);
}

/* Some kernels are built without queues. */
ROW(mq_open)
{
    struct mq_attr attributes = {.mq_maxmsg = 2, .mq_msgsize = 16}, got;
    mqd_t queue = kept("mq_open", mq_open("/fdtrace-row-a", O_RDWR | O_CREAT, 0600, &attributes));
    if (queue < 0)
        return;
    MUST(mq_getattr(queue, &got) == 0 && got.mq_msgsize == 16);
    kept("mq_open", mq_open("/fdtrace-row-a", O_RDONLY));
    MUST(mq_unlink("/fdtrace-row-a") == 0);
}

ROW(__mq_open_2)
{
    mqd_t queue = mq_open("/fdtrace-row-b", O_RDWR | O_CREAT, 0600, NULL);
    if (queue < 0)
        return;
    kept("mq_open", __mq_open_2("/fdtrace-row-b", O_RDONLY));
    MUST(mq_unlink("/fdtrace-row-b") == 0);
}

ROW(pidfd_open)
{
    kept("pidfd_open", pidfd_open(getpid(), 0));
}

ROW(pidfd_getfd)
{
    int self = kept("pidfd_open", pidfd_open(getpid(), 0));
    if (self >= 0)
        kept("pidfd_getfd", pidfd_getfd(self, 1, 0));
    misused("pidfd_getfd", pidfd_getfd(stale(), 1, 0));
}
