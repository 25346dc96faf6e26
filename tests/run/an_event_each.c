/* Eight threads, one after the other, that open and close something once. */
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

static void *touch(void *unused)
{
    close(open("/dev/null", O_RDONLY | O_CLOEXEC));
    return unused;
}

int main(void)
{
    for (int i = 0; i < 8; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, touch, NULL) != 0 || pthread_join(thread, NULL) != 0)
            return 1;
    }
    return 0;
}
