/*
 * Pseudoterminals are bare numbers: close() ends both sides, and so does fclose of a stream made of one, or a sweep.
 * LIBS: -lutil
 * EXPECT: nothing
 * NEVER: close-mismatch
 */
#include <fcntl.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* Answers the master, which the parent closes while the child still has the other side. */
static int talk(void)
{
    int master = -1, status;
    pid_t child = forkpty(&master, NULL, NULL, NULL);
    if (child == 0) {
        close(0);
        _exit(open("/dev/null", O_RDONLY | O_CLOEXEC) != 0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        return -1;
    return master;
}

int main(void)
{
    int master, slave;
    if (openpty(&master, &slave, NULL, NULL, NULL) != 0)
        return 1;
    close(slave);
    close(master);
    if (openpty(&master, &slave, NULL, NULL, NULL) != 0)
        return 1;
    FILE *stream = fdopen(master, "r+");
    if (stream == NULL || fclose(stream) != 0)
        return 1;
    close(slave);
    master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    close(master);
    close(talk());
    if (openpty(&master, &slave, NULL, NULL, NULL) != 0)
        return 1;
    for (int fd = 3; fd < 32; fd++)
        close(fd);
    return 0;
}
