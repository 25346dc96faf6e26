/*
 * LIBS: -lpthread
 * Four threads that open and close without a pause while the program is looked at; and a few descriptors that stay.
 */
#include "told.h"

#include <fcntl.h>
#include <pthread.h>

static void *churn(void *path)
{
    for (;;) {
        int ends[2], fd = open(path, O_RDONLY), copy = dup(fd);
        if (pipe(ends) == 0) {
            close(ends[1]);
            close(ends[0]);
        }
        close(copy);
        close(fd);
    }
    return NULL;
}

int main(void)
{
    static char *const paths[] = {"/etc/hostname", "/dev/null", "/etc", "/etc/passwd"};
    pthread_t threads[4];
    tell(open("/etc/hostname", O_RDONLY), "confirmed", "file");
    tell(open("/etc", O_RDONLY | O_DIRECTORY), "confirmed", "dir");
    for (int i = 0; i < 4; i++)
        if (pthread_create(&threads[i], NULL, churn, paths[i]) != 0)
            return 1;
    wait_for_the_end();
    return 0;
}
