/*
 * A vfork child shares our memory but not our descriptors: what it closes stays open here, and is closed here later.
 * EXPECT: nothing
 */
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int fds[20], status;
    for (int i = 0; i < 20; i++)
        fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    pid_t child = vfork();
    if (child == 0) {
        for (int fd = 3; fd < 100; fd++)
            close(fd);
        _exit(0);
    }
    if (waitpid(child, &status, 0) != child || status != 0)
        return 1;
    for (int i = 0; i < 20; i++)
        if (close(fds[i]) != 0)
            return 2;
    return 0;
}
