/*
 * A leak made before 200,000 open and close cycles keeps its story: the table is the truth, however short the ring.
 * EXPECT: leak-at-exit count=1 kind=eventfd call=eventfd birth=leak_early
 */
#include <err.h>
#include <sys/eventfd.h>
#include <unistd.h>

static void leak_early(void)
{
    if (eventfd(0, EFD_CLOEXEC) < 0)
        err(1, "eventfd");
}

int main(void)
{
    leak_early();
    for (int i = 0; i < 200000; i++) {
        int fd = dup(0);
        if (fd < 0 || close(fd) != 0)
            err(1, "cycle %d", i);
    }
    return 0;
}
