/*
 * Shared memory, message queues, and handles on other processes.
 */
#include "compat.h"
#include "family.h"
#include "shapes.h"

#include <sys/mman.h>
#ifdef __GLIBC__
#include <sys/pidfd.h>
#endif

BIRTH(memfd_create, "memfd_create", ((const char *, name), (unsigned int, flags)), .kind = FDT_MEMFD, .cloexec = flags & MFD_CLOEXEC, .name = name)

/* libc opens with O_CLOEXEC whatever the flags say. */
BIRTH(shm_open, "shm_open", ((const char *, name), (int, flags), (mode_t, mode)), .kind = FDT_SHM, .cloexec = true, .flags = (uint32_t)flags, .name = name)

/* The kernel makes every queue close-on-exec. */
#define QUEUE(path, open_flags) .kind = FDT_MQUEUE, .cloexec = true, .flags = (uint32_t)open_flags, .name = path

/* mq_open(3): mode and attributes are passed with O_CREAT only. */
HOOK(mq_open, "mq_open");
EXPORT mqd_t mq_open(const char *name, int flags, ...)
{
    mode_t mode = 0;
    struct mq_attr *attributes = NULL;
    if (flags & O_CREAT) {
        va_list list;
        va_start(list, flags);
        mode = va_arg(list, mode_t);
        attributes = va_arg(list, struct mq_attr *);
        va_end(list);
    }
    struct call call = CALL(mq_open);
    mqd_t queue = REAL(mq_open)(name, flags, mode, attributes);
    fd_born(&call, queue, NEWBORN(QUEUE(name, flags)));
    return queue;
}

BIRTH(__mq_open_2, "mq_open", ((const char *, name), (int, flags)), QUEUE(name, flags))

/* Close-on-exec, both; the other process neither loses its descriptor nor learns of the copy. */
BIRTH(pidfd_open, "pidfd_open", ((pid_t, pid), (unsigned int, flags)), .kind = FDT_PIDFD, .cloexec = true)
BIRTH_FROM(pidfd_getfd, "pidfd_getfd", ((int, fd), (int, target), (unsigned int, flags)), .kind = FDT_OTHER, .cloexec = true, .from = fd)
