/*
 * exec. Nothing of ours runs after a successful one, so the image is marked before, and unmarked when it fails: then
 * everything is still open and nothing has happened. The next image finds its predecessor's session through the
 * environment, because a private session's folder is known to nobody else.
 *
 * Everything here lives on the stack: a vfork child may be the caller, and what it allocates would be its parent's leak.
 */
#include "gate.h"
#include "process.h"
#include "store.h"

#include <alloca.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#define SESSION_VARIABLE "FDTRACE_SESSION="
#define MOST_VARIABLES   2048 /* beyond, the environment is passed on as it is: a stack has an end */

/* Entries of list, the NULL not counted. */
static size_t count(char *const *list)
{
    size_t entries = 0;
    while (list != NULL && list[entries] != NULL)
        entries++;
    return entries;
}

static bool hands_over(char *const *environment)
{
    if (__atomic_load_n(&guard->phase, __ATOMIC_ACQUIRE) != GATE_ON || !store.private_folder || store.path[0] == '\0')
        return false;
    return environment != NULL && count(environment) <= MOST_VARIABLES;
}

/* environment with our variable first, in space for count + 2 pointers and text for the variable. */
static char *const *extend(char *const *environment, char **space, char *text)
{
    size_t used = 0;
    strcpy(text, SESSION_VARIABLE);
    strcat(text, store.folder);
    space[used++] = text;
    for (size_t i = 0; environment[i] != NULL; i++)
        if (strncmp(environment[i], SESSION_VARIABLE, sizeof(SESSION_VARIABLE) - 1) != 0)
            space[used++] = environment[i];
    space[used] = NULL;
    return space;
}

/* As a macro, because the space must live in the caller's frame. */
#define HANDED(environment)                                                                            \
    (hands_over(environment)                                                                           \
         ? extend(environment, alloca((count(environment) + 2) * sizeof(char *)),                      \
                  alloca(sizeof(SESSION_VARIABLE) + STORE_PATH_SIZE))                                  \
         : (environment))

/* The real call between the two marks. */
#define EXEC(expression)                                                                               \
    ({                                                                                                 \
        process_execs();                                                                               \
        int answer = (expression);                                                                     \
        int saved = errno;                                                                             \
        process_exec_failed();                                                                         \
        errno = saved;                                                                                 \
        answer;                                                                                        \
    })

HOOK(execve, "execve");
EXPORT int execve(const char *path, char *const argv[], char *const envp[])
{
    char *const *environment = HANDED(envp);
    return EXEC(REAL(execve)(path, argv, environment));
}

HOOK(execvpe, "execvpe");
EXPORT int execvpe(const char *file, char *const argv[], char *const envp[])
{
    char *const *environment = HANDED(envp);
    return EXEC(REAL(execvpe)(file, argv, environment));
}

HOOK(fexecve, "fexecve");
EXPORT int fexecve(int fd, char *const argv[], char *const envp[])
{
    char *const *environment = HANDED(envp);
    return EXEC(REAL(fexecve)(fd, argv, environment));
}

HOOK(execveat, "execveat");
EXPORT int execveat(int fd, const char *path, char *const argv[], char *const envp[], int flags)
{
    char *const *environment = HANDED(envp);
    return EXEC(REAL(execveat)(fd, path, argv, environment, flags));
}

/* execv and execvp are execve and execvpe with the environment they read themselves. */
HOOK(execv, "execv");
EXPORT int execv(const char *path, char *const argv[])
{
    char *const *environment = HANDED(environ);
    return environment == environ ? EXEC(REAL(execv)(path, argv)) : EXEC(REAL(execve)(path, argv, environment));
}

HOOK(execvp, "execvp");
EXPORT int execvp(const char *file, char *const argv[])
{
    char *const *environment = HANDED(environ);
    return environment == environ ? EXEC(REAL(execvp)(file, argv)) : EXEC(REAL(execvpe)(file, argv, environment));
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

EXPORT int execl(const char *path, const char *first, ...)
{
    COLLECT(argv, first, rest);
    va_end(rest);
    char *const *environment = HANDED(environ);
    return EXEC(REAL(execve)(path, argv, environment));
}

EXPORT int execlp(const char *file, const char *first, ...)
{
    COLLECT(argv, first, rest);
    va_end(rest);
    char *const *environment = HANDED(environ);
    return EXEC(REAL(execvpe)(file, argv, environment));
}

EXPORT int execle(const char *path, const char *first, ...)
{
    COLLECT(argv, first, rest);
    char *const *given = va_arg(rest, char *const *);
    va_end(rest);
    char *const *environment = HANDED(given);
    return EXEC(REAL(execve)(path, argv, environment));
}
