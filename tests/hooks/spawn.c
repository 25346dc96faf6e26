/* Rows of preload/wrap_spawn.c: what the child does stays the child's, and what crosses into its program is told. */
#include "row.h"

#include <spawn.h>
#include <sys/wait.h>
#include <wordexp.h>

static void handed_on(const char *public, const char *target)
{
    printf("crossed into %s\nhanded on by %s()\n", target, public);
    fflush(stdout);
}

/* Every file action there is. Of the two that are open here one crosses twice, once as meant, and one is closed. */
#define SPAWN_ROW(name)                                                                                \
    ROW(name)                                                                                          \
    {                                                                                                  \
        posix_spawn_file_actions_t actions;                                                            \
        pid_t child;                                                                                   \
        int status = 0, crosses = kept("open", open("/dev/null", O_RDONLY));                           \
        int closed = kept("open", open("/dev/null", O_RDONLY));                                        \
        char *words[] = {"true", NULL};                                                                \
        handed_on(#name, "/bin/true");                                                                 \
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
    handed_on("system", "/bin/sh");
    MUST(system(NULL) != 0 && system("exit 3") == 3 << 8);
}

ROW(wordexp)
{
    wordexp_t words;
    kept("open", open("/dev/null", O_RDONLY));
    handed_on("wordexp", "/bin/sh");
    MUST(wordexp("$(echo one) two", &words, 0) == 0 && words.we_wordc == 2);
    wordfree(&words);
}
