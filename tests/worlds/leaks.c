/*
 * For worlds_test.c, which compiles it with musl-gcc: leaks at several depths, in a thread and in a forked child; and what
 * musl does in its own way: a stream with an owner, file actions of a spawned program.
 */
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static __attribute__((noinline)) int open_config(void)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        _exit(3);
    return fd;
}

static __attribute__((noinline)) int load_config(void)
{
    int fd = open_config();
    return fd + 1; /* no tail call */
}

static void *work(void *unused)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) == 0)
        close(ends[0]);
    return unused;
}

static int status_of(pid_t child)
{
    int status;
    return child > 0 && waitpid(child, &status, 0) == child ? status : -1;
}

int main(void)
{
    pthread_t thread;
    pid_t child;
    int handed = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    FILE *file = fopen("/etc/passwd", "re");
    char *const words[] = {"true", NULL};
    posix_spawn_file_actions_t actions;
    if (load_config() == 0 || file == NULL || fclose(file) != 0)
        return 1;
    if (pthread_create(&thread, NULL, work, NULL) != 0 || pthread_join(thread, NULL) != 0)
        return 1;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, handed, 9);
    posix_spawn_file_actions_addclose(&actions, 9);
    if (posix_spawn(&child, "/bin/true", &actions, NULL, words, environ) != 0 || status_of(child) != 0)
        return 1;
    posix_spawn_file_actions_destroy(&actions);
    close(handed);
    child = fork();
    if (child == 0) {
        open_config();
        _exit(7);
    }
    return status_of(child) == 7 << 8 ? 5 : 1;
}
