/*
 * LIBS: -lpthread
 * The main thread ends and the others live on: /proc calls the process a zombie, but its descriptors are open.
 */
#include "told.h"

#include <fcntl.h>
#include <pthread.h>

static void *live_on(void *main_thread)
{
    pthread_join(*(pthread_t *)main_thread, NULL);
    tell(open("/etc/hostname", O_RDONLY), "confirmed", "file");
    wait_for_the_end();
    exit(0);
}

int main(void)
{
    static pthread_t self;
    pthread_t thread;
    self = pthread_self();
    if (pthread_create(&thread, NULL, live_on, &self) != 0)
        return 1;
    pthread_exit(NULL);
}
