/*
 * File actions that put what crosses where the next program expects it.
 * EXPECT: nothing
 */
#include <spawn.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

static int finish(pid_t child)
{
    int status = 1;
    return child > 0 && waitpid(child, &status, 0) == child ? status : 1;
}

extern char **environ;

int main(void)
{
    posix_spawn_file_actions_t actions;
    pid_t child;
    int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC), plain = open("/etc/group", O_RDONLY);
    char *words[] = {"true", NULL};
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fd, 10);
    posix_spawn_file_actions_adddup2(&actions, plain, plain);
    posix_spawn_file_actions_addopen(&actions, 12, "/dev/null", O_RDONLY, 0);
    if (posix_spawn(&child, "/bin/true", &actions, NULL, words, environ) != 0)
        return 1;
    posix_spawn_file_actions_destroy(&actions);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    int failed = finish(child);
    if (posix_spawn(&child, "/bin/true", &actions, NULL, words, environ) != 0)
        return 1;
    failed |= finish(child);
    posix_spawn_file_actions_destroy(&actions);
    close(plain);
    close(fd);
    return failed != 0;
}
