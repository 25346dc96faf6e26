/*
 * Programs started from inside libc: posix_spawn, system, wordexp (popen makes a descriptor and stands in wrap_stdio.c). libc
 * forks there by itself and changes the child's table by file actions; both pass no wrapper. So what crosses is worked out
 * here, from the table, the flags and the actions.
 */
#include "changes.h"
#include "family.h"
#include "follow.h"
#include "gate.h"
#include "quarantine.h"
#include "table.h"

#include <alloca.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wordexp.h>

/*
 * glibc's own layout of a file action (posix/spawn_int.h), an array of which actions->__actions is. It is no public
 * interface, but has only ever grown at its end, since 2.2; hooks_test.c holds it against the library in use, and a tag we
 * do not know makes us say nothing.
 */
struct action {
    enum { ACTION_CLOSE, ACTION_DUP2, ACTION_OPEN, ACTION_CHDIR, ACTION_FCHDIR, ACTION_CLOSEFROM, ACTION_TCSETPGRP,
           ACTION_UNKNOWN = -1 } tag;
    union {
        int fd;                                         /* close, closefrom, fchdir, tcsetpgrp */
        struct { int fd, target; } dup2;
        struct { int fd; char *path; int flags; mode_t mode; } open;
        char *path;
    } of;
};

enum { MOST_ACTIONS = 512 };

#ifdef __GLIBC__

static int count_actions(const posix_spawn_file_actions_t *actions)
{
    return actions != NULL ? actions->__used : 0;
}

static struct action action_at(const posix_spawn_file_actions_t *actions, int i)
{
    return ((const struct action *)actions->__actions)[i];
}

#else

/* musl's (src/process/fdop.h): a list, the latest first. */
struct fdop {
    struct fdop *next, *prev;
    int cmd, fd, srcfd, oflag;
    mode_t mode;
    char path[];
};
enum { FDOP_CLOSE = 1, FDOP_DUP2, FDOP_OPEN, FDOP_CHDIR, FDOP_FCHDIR };

static int count_actions(const posix_spawn_file_actions_t *actions)
{
    int count = 0;
    for (const struct fdop *op = actions != NULL ? actions->__actions : NULL; op != NULL; op = op->next)
        count++;
    return count;
}

static struct action action_at(const posix_spawn_file_actions_t *actions, int i)
{
    const struct fdop *op = actions->__actions;
    for (int later = count_actions(actions) - 1 - i; later > 0; later--)
        op = op->next;
    switch (op->cmd) {
    case FDOP_CLOSE: return (struct action){ACTION_CLOSE, .of.fd = op->fd};
    case FDOP_DUP2: return (struct action){ACTION_DUP2, .of.dup2 = {op->srcfd, op->fd}};
    case FDOP_OPEN: return (struct action){ACTION_OPEN, .of.open = {.fd = op->fd, .flags = op->oflag}};
    case FDOP_CHDIR: return (struct action){.tag = ACTION_CHDIR};
    case FDOP_FCHDIR: return (struct action){.tag = ACTION_FCHDIR};
    default: return (struct action){.tag = ACTION_UNKNOWN};
    }
}

#endif

/* In the sources' order. The target of a dup2 or open is meant to be there; dup2 onto itself clears the flag. */
static void apply(struct changes *changes, const struct action *action)
{
    switch (action->tag) {
    case ACTION_CLOSE:
        changes_close(changes, action->of.fd);
        break;
    case ACTION_DUP2:
        changes_copy(changes, action->of.dup2.fd, action->of.dup2.target, false);
        break;
    case ACTION_OPEN:
        changes_open(changes, action->of.open.fd, action->of.open.flags & O_CLOEXEC, true);
        break;
    case ACTION_CLOSEFROM:
        changes_close_range(changes, (unsigned)action->of.fd, UINT32_MAX);
        break;
    case ACTION_CHDIR:
    case ACTION_FCHDIR:
    case ACTION_TCSETPGRP:
        break;
    default:
        changes->blind = true;
    }
}

/* After the call: it has returned 0, so the program runs. */
static __attribute__((noinline)) void spawned(const struct passage *passage,
                                              const posix_spawn_file_actions_t *actions, pid_t child)
{
    struct changes changes;
    int count = count_actions(actions), room = count < MOST_ACTIONS ? count : 0;
    struct change *list = alloca(((size_t)room + 1) * sizeof(*list));
    changes_begin(&changes, list, (uint32_t)room + 1);
    changes.blind = count > room;
    for (int i = 0; i < room; i++) {
        const struct action action = action_at(actions, i);
        apply(&changes, &action);
    }
    passage_spawned(passage, &changes, child);
}

/* What both share; by_path tells posix_spawnp. */
static __attribute__((noinline)) bool spawn_begins(struct passage *passage, const struct call *call, const char *path,
                                                   char *const argv[], char *const environment[])
{
    int saved = errno;
    bool recorded = passage_readable(path, argv, environment) && gate_enter();
    if (recorded)
        passage_begin(passage, call, FDT_EXEC_SPAWN, path, argv, environment, -1);
    errno = saved;
    return recorded;
}

/* The child is to copy a number that is closed, which fails; a tombstone would be copied. */
static void yield_sources(const posix_spawn_file_actions_t *actions)
{
    for (int i = 0; i < count_actions(actions); i++) {
        const struct action action = action_at(actions, i);
        if (action.tag == ACTION_DUP2)
            quarantine_release(action.of.dup2.fd);
    }
}

#define SPAWN(name)                                                                                    \
    HOOK(name, #name);                                                                                 \
    EXPORT int name(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,           \
                    const posix_spawnattr_t *attributes, char *const argv[], char *const envp[])       \
    {                                                                                                  \
        struct call call = CALL(name);                                                                 \
        struct passage passage;                                                                        \
        pid_t child = 0;                                                                               \
        size_t room = passage_readable(NULL, NULL, envp) ? follow_room(envp) : 0;                      \
        char *const *environment = room != 0 ? follow_fill(envp, alloca(room)) : envp;                 \
        bool recorded = spawn_begins(&passage, &call, path, argv, environment);                        \
        if (UNLIKELY(quarantine_on) && actions != NULL)                                                \
            yield_sources(actions);                                                                    \
        int error = REAL(name)(&child, path, actions, attributes, argv, environment);                  \
        int saved = errno;                                                                             \
        if (error == 0 && pid != NULL)                                                                 \
            *pid = child;                                                                              \
        if (error == 0 && recorded)                                                                    \
            spawned(&passage, actions, child);                                                         \
        errno = saved;                                                                                 \
        return error;                                                                                  \
    }

SPAWN(posix_spawn)
SPAWN(posix_spawnp)

bool shell_begins(struct passage *passage, const struct call *call, const char *command)
{
    char *const argv[] = {"sh", "-c", (char *)command, NULL};
    return spawn_begins(passage, call, "/bin/sh", argv, environ);
}

void shell_ran(const struct passage *passage, bool closes_streams)
{
    struct change list[64];
    struct changes changes;
    int saved = errno;
    changes_begin(&changes, list, sizeof(list) / sizeof(list[0]));
    for (uint32_t fd = 0; closes_streams && fd < table_end(); fd++)
        if (table_at(fd)->life.owner == FDT_OWNER_POPEN)
            changes_close(&changes, (int)fd);
    passage_spawned(passage, &changes, 0);
    errno = saved;
}

HOOK(system, "system");
EXPORT int system(const char *command)
{
    struct call call = CALL(system);
    struct passage passage;
    bool recorded = command != NULL && shell_begins(&passage, &call, command);
    int status = REAL(system)(command);
    if (recorded && status != -1)
        shell_ran(&passage, false);
    return status;
}

/* A shell runs for each command substitution, one after the other; what crosses is the same for all. */
static bool substitutes(const char *words, int flags)
{
    return words != NULL && (flags & WRDE_NOCMD) == 0 && (strstr(words, "$(") != NULL || strchr(words, '`') != NULL);
}

HOOK(wordexp, "wordexp");
EXPORT int wordexp(const char *words, wordexp_t *result, int flags)
{
    struct call call = CALL(wordexp);
    struct passage passage;
    bool recorded = substitutes(words, flags) && shell_begins(&passage, &call, words);
    int error = REAL(wordexp)(words, result, flags);
    if (recorded && error == 0)
        shell_ran(&passage, false);
    return error;
}
