/*
 * EMFILE from a limit that is none on descriptors: of inotify instances, of bytes in message queues. Numbers are free.
 * EXPECT: nothing
 */
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <unistd.h>

enum { MOST = 1000 };

int main(void)
{
    int held[MOST], count = 0;
    while (count < MOST && (held[count] = inotify_init1(IN_CLOEXEC)) >= 0)
        count++;
    while (count > 0)
        close(held[--count]);
    if (setrlimit(RLIMIT_MSGQUEUE, &(struct rlimit){0, 0}) != 0)
        return 1;
    return mq_open("/fdtrace-limit", O_RDWR | O_CREAT, 0600, NULL) != -1 || errno != EMFILE;
}
