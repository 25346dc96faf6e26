/* See child.h. */
#include "run/child.h"

#include "array.h"

#include <errno.h>
#include <paths.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Signals that are treated otherwise while the command runs. */
static const int watched[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGCHLD};
enum { WATCHED = sizeof(watched) / sizeof(watched[0]) };

static volatile pid_t forward_to;

static void forward(int signal)
{
    int saved = errno;
    kill(forward_to, signal);
    errno = saved;
}

/*
 * A terminal sends SIGINT and SIGQUIT to us, too: they are the command's affair. What was ignored when we were started
 * (nohup) stays so. An ignored SIGCHLD would make the kernel throw the exit status away.
 */
static void watch_signals(struct sigaction old[WATCHED])
{
    for (size_t i = 0; i < WATCHED; i++) {
        int signal = watched[i];
        bool passed_on = signal == SIGTERM || signal == SIGHUP;
        struct sigaction new = {.sa_flags = SA_RESTART};
        new.sa_handler = signal == SIGCHLD ? SIG_DFL : passed_on ? forward : SIG_IGN;
        sigaction(signal, NULL, &old[i]);
        if (!passed_on || old[i].sa_handler != SIG_IGN)
            sigaction(signal, &new, NULL);
    }
}

static void restore_signals(const struct sigaction old[WATCHED])
{
    for (size_t i = 0; i < WATCHED; i++)
        sigaction(watched[i], &old[i], NULL);
}

/* {"/bin/sh", path, words[1], ...}, or words themselves. NULL: out of memory. */
static char *const *choose_words(const struct run_child *child)
{
    size_t count = 0;
    if (!child->by_shell)
        return child->words;
    while (child->words[count] != NULL)
        count++;
    char **words = calloc(count + 2, sizeof(*words));
    if (words == NULL)
        return NULL;
    words[0] = (char *)_PATH_BSHELL;
    words[1] = (char *)child->path;
    for (size_t i = 1; i < count; i++)
        words[i + 1] = child->words[i];
    return words;
}

/*
 * vfork: the child's errno arrives in our memory, without a pipe that the command could see, and a tracer around us is
 * shown no copy of fdtrace. Signals are blocked meanwhile, or a handler of ours could run in the child.
 */
static int start(struct run_child *child, char *const *words, const struct sigaction old[WATCHED], const sigset_t *mask)
{
    const char *path = child->by_shell ? _PATH_BSHELL : child->path;
    volatile int error = 0;
    pid_t pid = vfork();
    if (pid == 0) {
        restore_signals(old);
        sigaction(SIGXFSZ, &child->size_limit, NULL);
        sigprocmask(SIG_SETMASK, mask, NULL);
        execve(path, words, child->environment);
        error = errno;
        _exit(127);
    }
    if (pid < 0)
        return -errno;
    if (error != 0)
        waitpid(pid, NULL, 0);
    child->pid = pid;
    return -error;
}

/* Its number stays taken until the second wait, after which nothing may be forwarded to it any more. */
static void await(struct run_child *child, const struct sigaction old[WATCHED])
{
    siginfo_t info;
    while (waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOWAIT) < 0 && errno == EINTR)
        ;
    restore_signals(old);
    while (waitpid(child->pid, &child->status, 0) < 0 && errno == EINTR)
        ;
}

/*
 * Whoever loses its parent becomes our child (PR_SET_CHILD_SUBREAPER, Linux 3.4), so the last of them has ended when there is
 * nobody left to wait for.
 */
static void await_others(struct run_child *child)
{
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, 0)) > 0 || errno == EINTR;)
        if (pid > 0 && array_grow(&child->others, child->other_count, sizeof(*child->others)))
            child->others[child->other_count++] = (struct child_end){pid, status};
}

int run_child(struct run_child *child)
{
    struct sigaction old[WATCHED];
    sigset_t all, mask;
    char *const *words = choose_words(child);
    if (words == NULL)
        return -ENOMEM;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &mask);
    watch_signals(old);
    if (child->wait_all)
        prctl(PR_SET_CHILD_SUBREAPER, 1);
    int result = start(child, words, old, &mask);
    forward_to = child->pid;
    if (result < 0)
        restore_signals(old);
    sigprocmask(SIG_SETMASK, &mask, NULL);
    if (result == 0)
        await(child, old);
    if (result == 0 && child->wait_all)
        await_others(child);
    if (words != child->words)
        free((void *)words);
    return result;
}
