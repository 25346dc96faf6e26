/*
 * The report comes after every handler and destructor: what those close is no leak, what those open is one.
 * EXPECT: leak-at-exit count=1 kind=eventfd call=eventfd birth=open_late
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

static int tidied = -1;

static void open_late(void)
{
    eventfd(0, EFD_CLOEXEC);
}

__attribute__((destructor)) static void tidy(void)
{
    close(tidied);
}

int main(void)
{
    tidied = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    return atexit(open_late);
}
