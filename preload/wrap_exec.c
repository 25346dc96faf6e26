/*
 * exec. Nothing of ours runs after a successful one, so what is about to happen is recorded before, and taken back when it
 * fails: then everything is still open and nothing has happened. The environment is completed so that the next program is
 * traced, too (follow.h).
 *
 * Everything here lives on the stack: a vfork child may be the caller, and what it allocates would be its parent's leak.
 */
#include "borrow.h"
#include "compat.h"
#include "family.h"
#include "follow.h"
#include "gate.h"
#include "process.h"
#include "quarantine.h"
#include "table.h"

#include <alloca.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

/* As a macro, because the room must live in the caller's frame. */
#define FOLLOWED(environment)                                                                          \
    ({                                                                                                 \
        char *const *before = (environment);                                                           \
        size_t room = passage_readable(NULL, NULL, before) ? follow_room(before) : 0;                  \
        room != 0 ? follow_fill(before, alloca(room)) : before;                                        \
    })

/* An exec in flight. */
struct attempt {
    bool recorded;           /* of this process, in passage and exec */
    struct passage passage;
    uint32_t exec;
};

/* What the call was given; executed_from is fexecve's number, -1 none. */
struct target {
    const char *path;
    char *const *argv, *const *environment;
    int executed_from;
};

static void attempt_begin(struct attempt *attempt, const struct call *call, const struct target *target)
{
    int saved = errno;
    attempt->recorded = false;
    if (!passage_readable(target->path, target->argv, target->environment)) {
        errno = saved;
        return;
    }
    if (gate_enter()) {
        passage_begin(&attempt->passage, call, FDT_EXEC_SELF, target->path, target->argv, target->environment,
                      target->executed_from);
        attempt->exec = passage_self(&attempt->passage);
        attempt->recorded = true;
        process_execs();
    } else if (thread_self.borrowed != NULL) {
        passage_begin(&thread_self.borrowed->passage, call, FDT_EXEC_VFORK, target->path, target->argv,
                      target->environment, target->executed_from);
        thread_self.borrowed->executed = true;
    }
    errno = saved;
}

static int attempt_failed(struct attempt *attempt, int answer)
{
    int saved = errno;
    if (attempt->recorded) {
        process_exec_failed();
        passage_failed(&attempt->passage, attempt->exec, saved);
    } else if (thread_self.borrowed != NULL) {
        thread_self.borrowed->executed = false;
    }
    errno = saved;
    return answer;
}

/* The real call in between; then the target's fields. */
#define EXEC(name, expression, ...)                                                                    \
    ({                                                                                                 \
        struct call call = CALL(name);                                                                 \
        struct attempt attempt;                                                                        \
        attempt_begin(&attempt, &call, &(struct target){__VA_ARGS__});            \
        attempt_failed(&attempt, expression);                                                          \
    })

HOOK(execve, "execve");
EXPORT int execve(const char *path, char *const argv[], char *const envp[])
{
    char *const *environment = FOLLOWED(envp);
    return EXEC(execve, REAL(execve)(path, argv, environment), path, argv, environment, -1);
}

HOOK(execvpe, "execvpe");
EXPORT int execvpe(const char *file, char *const argv[], char *const envp[])
{
    char *const *environment = FOLLOWED(envp);
    return EXEC(execvpe, REAL(execvpe)(file, argv, environment), file, argv, environment, -1);
}

/* A program that has no path of its own here: what its descriptor was opened as. */
static const char *path_of(int fd)
{
    const struct fdt_slot *slot = table_peek(fd);
    return slot != NULL && (table_word(slot) & FDT_LIVE) ? slot->life.name : "";
}

HOOK(fexecve, "fexecve");
EXPORT int fexecve(int fd, char *const argv[], char *const envp[])
{
    char *const *environment = FOLLOWED(envp);
    return EXEC(fexecve, REAL(fexecve)(quarantine_stand_in(fd), argv, environment), path_of(fd), argv, environment, fd);
}

/* The kernel takes any pointer; noipa, because the compiler believes the header's promise that it is never NULL. */
static __attribute__((noipa)) bool is_empty(const char *path)
{
    return path != NULL && path[0] == '\0';
}

HOOK(execveat, "execveat");
EXPORT int execveat(int fd, const char *path, char *const argv[], char *const envp[], int flags)
{
    char *const *environment = FOLLOWED(envp);
    bool itself = (flags & AT_EMPTY_PATH) && is_empty(path);
    return EXEC(execveat, REAL(execveat)(quarantine_stand_in(fd), path, argv, environment, flags), itself ? path_of(fd) : path, argv,
                environment, itself ? fd : -1);
}

int exec_raw(const struct call *call, int fd, const char *path, char *const argv[], char *const envp[], int flags)
{
    struct attempt attempt;
    char *const *environment = FOLLOWED(envp);
    bool itself = (flags & AT_EMPTY_PATH) && is_empty(path);
    attempt_begin(&attempt, call, &(struct target){itself ? path_of(fd) : path, argv, environment, itself ? fd : -1});
    return attempt_failed(&attempt, REAL(execveat)(quarantine_stand_in(fd), path, argv, environment, flags));
}

/* execv and execvp are execve and execvpe with the environment they read themselves. */
HOOK(execv, "execv");
EXPORT int execv(const char *path, char *const argv[])
{
    char *const *environment = FOLLOWED(environ);
    return EXEC(execv, environment == environ ? REAL(execv)(path, argv) : REAL(execve)(path, argv, environment), path,
                argv, environment, -1);
}

HOOK(execvp, "execvp");
EXPORT int execvp(const char *file, char *const argv[])
{
    char *const *environment = FOLLOWED(environ);
    return EXEC(execvp, environment == environ ? REAL(execvp)(file, argv) : REAL(execvpe)(file, argv, environment), file,
                argv, environment, -1);
}

/* Arguments after first up to the NULL, that one included. */
static size_t count_arguments(const char *first, va_list list)
{
    size_t entries = 1;
    if (first == NULL)
        return entries;
    do
        entries++;
    while (va_arg(list, const char *) != NULL);
    return entries;
}

/* argv from a variadic list, in the caller's frame; afterwards `rest` stands behind the NULL. */
#define COLLECT(argv, first, rest)                                                                     \
    va_list counting;                                                                                  \
    va_start(counting, first);                                                                         \
    char **argv = alloca(count_arguments(first, counting) * sizeof(char *));                           \
    va_end(counting);                                                                                  \
    va_list rest;                                                                                      \
    va_start(rest, first);                                                                             \
    argv[0] = (char *)first;                                                                           \
    for (size_t i = 0; argv[i] != NULL; i++)                                                           \
        argv[i + 1] = va_arg(rest, char *)

HOOK_RELATIVE(execl, "execl");
EXPORT int execl(const char *path, const char *first, ...)
{
    COLLECT(argv, first, rest);
    va_end(rest);
    char *const *environment = FOLLOWED(environ);
    return EXEC(execl, REAL(execve)(path, argv, environment), path, argv, environment, -1);
}

HOOK_RELATIVE(execlp, "execlp");
EXPORT int execlp(const char *file, const char *first, ...)
{
    COLLECT(argv, first, rest);
    va_end(rest);
    char *const *environment = FOLLOWED(environ);
    return EXEC(execlp, REAL(execvpe)(file, argv, environment), file, argv, environment, -1);
}

HOOK_RELATIVE(execle, "execle");
EXPORT int execle(const char *path, const char *first, ...)
{
    COLLECT(argv, first, rest);
    char *const *given = va_arg(rest, char *const *);
    va_end(rest);
    char *const *environment = FOLLOWED(given);
    return EXEC(execle, REAL(execve)(path, argv, environment), path, argv, environment, -1);
}
