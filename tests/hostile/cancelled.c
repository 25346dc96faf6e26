/*
 * pthread_cancel unwinds out of a blocked accept and a blocked read, through our wrappers, and runs clean-up handlers.
 * VERIFY: yes
 * LIBS: -lpthread
 */
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int cleaned;

static void finish(void *fd)
{
    cleaned++;
    close(*(int *)fd);
}

static void *block_in_accept(void *unused)
{
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    pthread_cleanup_push(finish, &listener);
    /* A name of the kernel's choice: autobind, unix(7). */
    if (bind(listener, (struct sockaddr *)&address, sizeof(sa_family_t)) == 0 && listen(listener, 1) == 0)
        accept(listener, NULL, NULL);
    pthread_cleanup_pop(1);
    return unused;
}

static void *block_in_read(void *unused)
{
    char byte;
    int ends[2];
    if (pipe(ends) != 0)
        return unused;
    pthread_cleanup_push(finish, &ends[0]);
    pthread_cleanup_push(finish, &ends[1]);
    if (read(ends[0], &byte, 1) >= 0)
        cleaned = -100;
    pthread_cleanup_pop(1);
    pthread_cleanup_pop(1);
    return unused;
}

int main(void)
{
    for (int i = 0; i < 20; i++) {
        void *answer;
        pthread_t thread;
        if (pthread_create(&thread, NULL, i % 2 ? block_in_read : block_in_accept, NULL) != 0)
            return 1;
        pthread_cancel(thread);
        pthread_join(thread, &answer);
        printf("%d\n", answer == PTHREAD_CANCELED);
    }
    return 0;
}
