/*
 * The target of adddup2 is meant to cross, its source is not; and what addclose closes does not cross.
 * EXPECT: leak-across-exec count=1 target=true call=open birth=source exec=main
 */
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int source(void)
{
    return open("/etc/passwd", O_RDONLY);
}

int main(void)
{
    posix_spawn_file_actions_t actions;
    pid_t child;
    int status = 1, fd = source(), closed = open("/etc/group", O_RDONLY);
    char *words[] = {"true", NULL};
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fd, 10);
    posix_spawn_file_actions_addclose(&actions, closed);
    if (posix_spawnp(&child, "true", &actions, NULL, words, environ) != 0 || waitpid(child, &status, 0) != child)
        return 1;
    posix_spawn_file_actions_destroy(&actions);
    close(closed);
    close(fd);
    return status != 0;
}
