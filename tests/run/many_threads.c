/*
 * As many threads as the first argument says, one after the other. The first and the last leak a descriptor, the
 * others close what they open; with a second argument, each has that name and a number. Main then leaks.
 * LIBS: -lpthread
 */
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *called;
static int begun, count;

static int leak_of_first(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static int leak_of_last(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void *work(void *unused)
{
    char name[16];
    snprintf(name, sizeof(name), "%s%d", called != NULL ? called : "", begun);
    if (called != NULL)
        pthread_setname_np(pthread_self(), name);
    if (begun++ == 0)
        return leak_of_first() < 0 ? &begun : unused;
    if (begun == count)
        return leak_of_last() < 0 ? &begun : unused;
    close(open("/dev/null", O_RDONLY | O_CLOEXEC));
    return unused;
}

int main(int argc, char **argv)
{
    pthread_t thread;
    called = argc > 2 ? argv[2] : NULL;
    count = argc > 1 ? atoi(argv[1]) : 0;
    for (int left = count; left > 0; left--)
        if (pthread_create(&thread, NULL, work, NULL) != 0 || pthread_join(thread, NULL) != 0)
            errx(1, "no thread");
    return open("/dev/null", O_RDONLY | O_CLOEXEC) < 0;
}
