/*
 * Address spaces of 6 to 96 MiB. Each child has the greater part of it for itself, still opens and closes when malloc
 * has failed, and forks then.
 * VERIFY: yes
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define PIECE    (64 << 10)
#define OVERHEAD (4 << 20) /* the program and its libraries, and what malloc cannot use */

static size_t take_everything(void)
{
    void *last = NULL, **piece;
    size_t pieces = 0;
    while ((piece = malloc(PIECE)) != NULL) {
        memset(piece, 1, PIECE);
        *piece = last;
        last = piece;
        pieces++;
    }
    return pieces * PIECE;
}

static int child_of_child(int fd)
{
    int copy = dup(fd);
    return copy < 0 || close(copy) != 0 || close(fd) != 0;
}

static int use(size_t limit)
{
    int status = -1, early = open("/dev/null", O_RDONLY | O_CLOEXEC);
    size_t taken = take_everything();
    int late = open("/dev/null", O_RDONLY | O_CLOEXEC);
    pid_t child = fork();
    if (child == 0)
        _exit(child_of_child(late));
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        return 2;
    for (int i = 0; i < 300; i++)
        if (dup(early) < 0)
            return 3;
    if (close(early) != 0 || close(late) != 0)
        return 4;
    return taken >= (limit - OVERHEAD) / 4 * 3 ? 0 : 5;
}

int main(int argc, char **argv)
{
    static const size_t limits[] = {6 << 20, 8 << 20, 12 << 20, 20 << 20, 32 << 20, 48 << 20, 96 << 20};
    if (argc > 1)
        return use(strtoul(argv[1], NULL, 10));
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        char word[24];
        int status = -1;
        snprintf(word, sizeof(word), "%zu", limits[i]);
        pid_t child = fork();
        if (child == 0) {
            setrlimit(RLIMIT_AS, &(struct rlimit){limits[i], limits[i]});
            execl("/proc/self/exe", argv[0], word, NULL);
            _exit(99);
        }
        waitpid(child, &status, 0);
        printf("%s %x\n", word, (unsigned)status);
        fflush(stdout);
    }
    return 0;
}
