/*
 * What the programs of this folder do: threads that open and close, a fork, a shell, a stream; and in the end one leak
 * of leak_it(), so that a tracer has something to tell. They differ in the runtime they bring along.
 */
#ifndef FDTRACE_WORK_H
#define FDTRACE_WORK_H

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORKERS 4
#define ROUNDS  1000

static void *worker(void *unused)
{
    for (int i = 0; i < ROUNDS; i++) {
        char byte, *path = strdup("/dev/null");
        int ends[2], fd = open(path, O_RDONLY | O_CLOEXEC);
        if (pipe2(ends, O_CLOEXEC) != 0 || read(fd, &byte, 1) != 0)
            abort();
        close(ends[0]);
        close(fd);
        close(ends[1]);
        free(path);
    }
    return unused;
}

static int leak_it(void)
{
    return open("/etc/passwd", O_RDONLY | O_CLOEXEC);
}

static int work(void)
{
    pthread_t threads[WORKERS];
    char line[200] = "";
    int status = -1;
    for (int i = 0; i < WORKERS; i++)
        if (pthread_create(&threads[i], NULL, worker, NULL) != 0)
            return 1;
    for (int i = 0; i < WORKERS; i++)
        pthread_join(threads[i], NULL);
    pid_t child = fork();
    if (child == 0) {
        close(dup(0));
        _exit(3);
    }
    waitpid(child, &status, 0);
    FILE *stream = popen("echo from the shell", "r");
    printf("%d %s", WEXITSTATUS(status), fgets(line, sizeof(line), stream));
    printf("%d\n", pclose(stream));
    printf("%d\n", leak_it());
    return 0;
}

#endif
