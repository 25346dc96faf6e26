/*
 * Two children: one of fork(), which has a recording of its own, and one of a fork nobody saw, which has none but still
 * maps its parent's. Prints "child PID" for each, in that order.
 */
#include "told.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

static void be_a_child(int end)
{
    char byte;
    while (read(end, &byte, 1) > 0)
        ;
    _exit(0);
}

int main(void)
{
    int ends[2];
    if (pipe(ends) != 0)
        return 1;
    tell(open("/etc/hostname", O_RDONLY), "confirmed", "file");
    tell(ends[0], "confirmed", "pipe");
    tell(ends[1], "confirmed", "pipe");
    pid_t seen = fork();
    if (seen == 0) {
        close(ends[1]);
        be_a_child(ends[0]);
    }
    pid_t child = (pid_t)unseen(SYS_clone, SIGCHLD, 0, 0, 0);
    if (child == 0) {
        unseen(SYS_close, ends[1], 0, 0, 0);
        for (char byte; unseen(SYS_read, ends[0], (long)&byte, 1, 0) > 0;)
            ;
        unseen(SYS_exit_group, 0, 0, 0, 0);
    }
    printf("child %d\nchild %d\n", (int)seen, (int)child);
    wait_for_the_end();
    close(ends[1]);
    while (wait(NULL) > 0)
        ;
    return 0;
}
