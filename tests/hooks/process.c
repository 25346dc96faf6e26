/* Rows of preload/wrap_process.c, wrap_exec.c, wrap_exit.c, wrap_limit.c and wrap_dl.c. */
#include "row.h"

#include <dlfcn.h>
#include <linux/close_range.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

static int held[3];

/* Descriptors for the child to inherit, and to do as it likes with. */
static void hold(void)
{
    for (int i = 0; i < 3; i++)
        held[i] = kept("open", open("/dev/null", O_RDONLY | (i == 2 ? O_CLOEXEC : 0)));
    fflush(stdout);
}

static void fiddle(void)
{
    close(held[0]);
    dup2(held[1], held[2]);
    open("/", O_RDONLY);
}

/* A traced child verifies its own table as it ends, and ends with 86 when that is wrong. */
static void child_ended_well(pid_t child)
{
    int status;
    MUST(child > 0 && waitpid(child, &status, __WALL) == child);
    MUST(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* What the child does to its numbers it does to its own. */
#define FORK_ROW(name, function)                                                                       \
    ROW(name)                                                                                          \
    {                                                                                                  \
        hold();                                                                                        \
        pid_t child = (function)();                                                                    \
        if (child == 0) {                                                                              \
            fiddle();                                                                                  \
            _exit(0);                                                                                  \
        }                                                                                              \
        child_ended_well(child);                                                                       \
    }

pid_t __fork(void);
pid_t __vfork(void);
FORK_ROW(fork, fork)
FORK_ROW(__fork, __fork)
FORK_ROW(_Fork, _Fork)
/* Private to libc, so it cannot be linked to. */
FORK_ROW(__libc_fork, ((pid_t(*)(void))dlsym(RTLD_DEFAULT, "__libc_fork")))

/* The child borrows our memory, not our descriptors. */
FORK_ROW(vfork, vfork)
FORK_ROW(__vfork, __vfork)

int __clone(int (*function)(void *), void *stack, int flags, void *argument, ...);

static int cloned(void *unused)
{
    (void)unused;
    fiddle();
    return 0;
}

static int cloned_sharing(void *unused)
{
    (void)unused;
    close(held[0]);
    return 0;
}

/* Our memory but not our numbers; all our own; our numbers too. */
#define CLONE_ROW(name)                                                                                \
    ROW(name)                                                                                          \
    {                                                                                                  \
        static _Alignas(16) char stack[1 << 18];                                                       \
        char *top = stack + sizeof stack;                                                              \
        hold();                                                                                        \
        child_ended_well(name(cloned, top, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL));                   \
        child_ended_well(name(cloned, top, SIGCHLD, NULL));                                            \
        child_ended_well(name(cloned_sharing, top, CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD, NULL)); \
    }

CLONE_ROW(clone)
CLONE_ROW(__clone)

/* The daemon outlives its parent, so it sends word whether its own table is right. */
ROW(daemon)
{
    int pair[2];
    char right = 0;
    MUST(pipe(pair) == 0);
    pid_t child = fork();
    if (child == 0) {
        right = daemon(0, 0) == 0 && all_true();
        _exit(write(pair[1], &right, 1) == 1 ? 0 : 1);
    }
    child_ended_well(child);
    MUST(read(pair[0], &right, 1) == 1 && right);
}

/* An exec that fails changes nothing; one that succeeds runs a program that verifies its own table. */
#define EXEC_ROW(name, call)                                                                           \
    ROW(name)                                                                                          \
    {                                                                                                  \
        char *path = "/nowhere/at/all", *words[] = {"true", NULL};                                     \
        hold();                                                                                        \
        MUST(call == -1 && errno == ENOENT);                                                           \
        path = "/bin/true";                                                                            \
        pid_t child = fork();                                                                          \
        if (child == 0) {                                                                              \
            fiddle();                                                                                  \
            _exit(call == -1 ? 1 : 2);                                                                 \
        }                                                                                              \
        child_ended_well(child);                                                                       \
        (void)words;                                                                                   \
    }

EXEC_ROW(execve, execve(path, words, environ))
EXEC_ROW(execv, execv(path, words))
EXEC_ROW(execvp, execvp(path, words))
EXEC_ROW(execvpe, execvpe(path, words, environ))
EXEC_ROW(execveat, execveat(AT_FDCWD, path, words, environ, 0))
EXEC_ROW(execl, execl(path, "true", (char *)NULL))
EXEC_ROW(execlp, execlp(path, "true", (char *)NULL))
EXEC_ROW(execle, execle(path, "true", (char *)NULL, environ))

ROW(fexecve)
{
    char *words[] = {"true", NULL};
    int program = kept("open", open("/bin/true", O_RDONLY | O_CLOEXEC));
    int data = kept("open", open("/dev/null", O_RDONLY));
    MUST(fexecve(data, words, environ) == -1 && errno == EACCES);
    pid_t child = fork();
    if (child == 0)
        _exit(fexecve(program, words, environ));
    child_ended_well(child);
}

/* Ways out that run few handlers or none: the end is recorded all the same. */
#define EXIT_ROW(name)                                                                                 \
    ROW(name)                                                                                          \
    {                                                                                                  \
        hold();                                                                                        \
        name(0);                                                                                       \
    }

EXIT_ROW(_exit)
EXIT_ROW(_Exit)
EXIT_ROW(quick_exit)

/* The limit that was set is the one that is hit. */
#define LIMIT_ROW(name, type, ...)                                                                     \
    ROW(name)                                                                                          \
    {                                                                                                  \
        struct type limit = {20, 20};                                                                  \
        MUST(name(__VA_ARGS__) == 0);                                                                  \
        while (open("/dev/null", O_RDONLY) >= 0)                                                       \
            ;                                                                                          \
        MUST(errno == EMFILE);                                                                         \
        puts("limit-hit: open");                                                                       \
        for (int fd = 10; fd < 20; fd++) /* the report needs some itself */                            \
            close(fd);                                                                                 \
    }

LIMIT_ROW(setrlimit, rlimit, RLIMIT_NOFILE, &limit)
LIMIT_ROW(setrlimit64, rlimit64, RLIMIT_NOFILE, &limit)
LIMIT_ROW(prlimit, rlimit, 0, RLIMIT_NOFILE, &limit, NULL)
LIMIT_ROW(prlimit64, rlimit64, 0, RLIMIT_NOFILE, &limit, NULL)

ROW(dlclose)
{
    void *library = dlopen("libm.so.6", RTLD_NOW);
    MUST(library != NULL && dlclose(library) == 0);
}

/* A thread that takes a table of its own along goes on unrecorded: what it closes there is open here. */
static int kept_here;

static void *part(void *how)
{
    bool parted = (how == NULL ? unshare(CLONE_FILES) : close_range(100, 100, CLOSE_RANGE_UNSHARE)) == 0;
    return parted && close(kept_here) == 0 && close(kept_here) != 0 ? NULL : "no";
}

static void thread_parts(void *how)
{
    pthread_t thread;
    void *wrong;
    kept_here = dup(0);
    MUST(pthread_create(&thread, NULL, part, how) == 0 && pthread_join(thread, &wrong) == 0 && wrong == NULL);
    MUST(fcntl(kept_here, F_GETFD) == 0);
    puts("!double-close");
}

ROW(unshare)
{
    thread_parts(NULL);
}

CASE(close_range_unshare)
{
    thread_parts("close_range");
}

static void *do_nothing(void *unused)
{
    return unused;
}

/* Alone again, a thread takes nothing along that others have, and is recorded as before. */
CASE(unshare_alone)
{
    pthread_t thread;
    MUST(pthread_create(&thread, NULL, do_nothing, NULL) == 0 && pthread_join(thread, NULL) == 0);
    MUST(unshare(CLONE_FILES) == 0);
    kept("open", open("/dev/null", O_RDONLY));
}
