/*
 * Children that libc makes by vfork inside itself close and dup a lot; nothing of it is the parent's doing.
 * EXPECT: nothing
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

int main(void)
{
    char line[16] = "";
    int status;
    pid_t child;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addclose(&actions, 5);
    char *words[] = {"true", NULL};
    if (posix_spawnp(&child, "true", &actions, NULL, words, environ) != 0 || waitpid(child, &status, 0) != child)
        return 1;
    posix_spawn_file_actions_destroy(&actions);
    FILE *pipe = popen("echo hello", "r");
    if (pipe == NULL || fgets(line, sizeof(line), pipe) == NULL || pclose(pipe) != 0)
        return 2;
    return status != 0 || system("exec 7</dev/null; exec 7<&-; true") != 0;
}
