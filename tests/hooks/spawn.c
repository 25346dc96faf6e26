/* Rows of preload/wrap_spawn.c: what the child does stays the child's. What crosses is for tests/victims/exec_leak_*. */
#include "row.h"

#include <spawn.h>
#include <sys/wait.h>
#include <wordexp.h>

/* Every file action there is. What they close and move stays open here. */
#define SPAWN_ROW(name)                                                                                \
    ROW(name)                                                                                          \
    {                                                                                                  \
        posix_spawn_file_actions_t actions;                                                            \
        pid_t child;                                                                                   \
        int status = 0, crosses = kept("open", open("/dev/null", O_RDONLY));                           \
        int closed = kept("open", open("/dev/null", O_RDONLY));                                        \
        char *words[] = {"true", NULL};                                                                \
        fflush(stdout);                                                                                \
        posix_spawn_file_actions_init(&actions);                                                       \
        posix_spawn_file_actions_addopen(&actions, 20, "/dev/null", O_RDONLY, 0);                      \
        posix_spawn_file_actions_adddup2(&actions, crosses, 21);                                       \
        posix_spawn_file_actions_addclose(&actions, closed);                                           \
        posix_spawn_file_actions_addclosefrom_np(&actions, 30);                                        \
        posix_spawn_file_actions_addchdir_np(&actions, "/");                                           \
        MUST(name(&child, "/nowhere", &actions, NULL, words, environ) == ENOENT);                      \
        MUST(name(&child, "/bin/true", &actions, NULL, words, environ) == 0);                          \
        MUST(waitpid(child, &status, 0) == child && status == 0);                                      \
        MUST(name(NULL, "/bin/true", NULL, NULL, words, environ) == 0 && wait(&status) > 0);           \
        posix_spawn_file_actions_destroy(&actions);                                                    \
    }

SPAWN_ROW(posix_spawn)
SPAWN_ROW(posix_spawnp)

ROW(system)
{
    kept("open", open("/dev/null", O_RDONLY));
    fflush(stdout);
    MUST(system(NULL) != 0 && system("exit 3") == 3 << 8);
}

ROW(wordexp)
{
    wordexp_t words;
    kept("open", open("/dev/null", O_RDONLY));
    fflush(stdout);
    MUST(wordexp("$(echo one) two", &words, 0) == 0 && words.we_wordc == 2);
    wordfree(&words);
}
