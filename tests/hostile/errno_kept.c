/*
 * errno after every kind of event is what the call made of it: untouched by one that succeeds, the call's own after one that
 * fails. In the main thread and as the first events of another one and of a forked child, on new stacks and remembered
 * ones, while the table grows, and at the limit.
 * LIBS: -lpthread
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define UNTOUCHED 4711

static int wrong;

static void look(const char *call, int line, int expected, int found)
{
    if (found == expected)
        return;
    wrong++;
    printf("line %d: %s leaves errno %d, not %d\n", line, call, found, expected);
}

#define LEAVES(expected, call)                      \
    do {                                            \
        errno = UNTOUCHED;                          \
        (void)!(call);                              \
        look(#call, __LINE__, expected, errno);     \
    } while (0)
#define KEEPS(call) LEAVES(UNTOUCHED, call)

static void numbers(void)
{
    int fd, copy, high;
    KEEPS((fd = open("/dev/null", O_RDWR | O_CLOEXEC)) < 0);
    LEAVES(ENOENT, open("/nowhere/at/all", O_RDONLY));
    KEEPS((copy = dup(fd)) < 0);
    KEEPS(close(copy));
    LEAVES(EBADF, close(copy));
    LEAVES(EBADF, write(copy, "", 1));
    KEEPS((high = fcntl(fd, F_DUPFD_CLOEXEC, 300)) < 0);
    KEEPS(dup2(fd, high) < 0);
    KEEPS(dup3(fd, high, O_CLOEXEC) < 0);
    LEAVES(EBADF, dup2(-1, high));
    LEAVES(EINVAL, dup3(high, high, 0));
    KEEPS(fcntl(high, F_SETFD, 0));
    KEEPS(fcntl(high, F_SETFD, FD_CLOEXEC));
    KEEPS(close_range(high, high, 0));
    LEAVES(EINVAL, close_range(8, 5, 0));
    KEEPS(close(fd));
}

static void handles(void)
{
    FILE *file;
    DIR *directory;
    KEEPS((file = fopen("/dev/null", "re")) == NULL);
    KEEPS(fclose(file));
    KEEPS((file = fdopen(open("/dev/null", O_RDWR | O_CLOEXEC), "r+")) == NULL);
    KEEPS(fclose(file));
    KEEPS((file = fopen("/dev/null", "re")) == NULL);
    KEEPS(close(fileno(file)));
    LEAVES(EBADF, fclose(file));
    KEEPS((directory = opendir("/")) == NULL);
    KEEPS(closedir(directory));
    LEAVES(ENOENT, fopen("/nowhere/at/all", "r") != NULL);
    LEAVES(ENOENT, opendir("/nowhere/at/all") != NULL);
}

/* Ends as a ghost: the wait asks the kernel about it. */
static void watched(void)
{
    struct epoll_event event = {.events = EPOLLIN};
    int ends[2], instance, copy;
    KEEPS((instance = epoll_create1(EPOLL_CLOEXEC)) < 0);
    KEEPS(pipe2(ends, O_CLOEXEC));
    KEEPS((copy = fcntl(ends[0], F_DUPFD_CLOEXEC, 0)) < 0);
    KEEPS(epoll_ctl(instance, EPOLL_CTL_ADD, ends[0], &event));
    LEAVES(EEXIST, epoll_ctl(instance, EPOLL_CTL_ADD, ends[0], &event));
    KEEPS(close(ends[0]));
    KEEPS(epoll_wait(instance, &event, 1, 0));
    KEEPS(close(copy));
    KEEPS(close(ends[1]));
    KEEPS(close(instance));
}

static void sent(void)
{
    int pair[2], fd = open("/dev/null", O_RDONLY | O_CLOEXEC), received = -1;
    char control[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8))) = "", byte = 0;
    struct iovec data = {&byte, 1};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    *header = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int))};
    memcpy(CMSG_DATA(header), &fd, sizeof(fd));
    KEEPS(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
    KEEPS(sendmsg(pair[0], &message, 0) < 0);
    KEEPS(recvmsg(pair[1], &message, MSG_CMSG_CLOEXEC) < 0);
    memcpy(&received, CMSG_DATA(header), sizeof(received));
    KEEPS(lseek(received, 0, SEEK_SET) < 0);
    KEEPS(close(received));
    KEEPS(close(pair[0]));
    KEEPS(close(pair[1]));
    KEEPS(close(fd));
}

static void *everything(void *unused)
{
    (void)unused;
    for (int round = 0; round < 2; round++) {
        numbers();
        handles();
        watched();
        sent();
    }
    return NULL;
}

/* Each depth is a stack that was never seen before. */
static __attribute__((noinline)) int deep(int depth)
{
    int fd = -1;
    if (depth > 0)
        return deep(depth - 1) + 1;
    KEEPS((fd = open("/dev/null", O_RDONLY | O_CLOEXEC)) < 0);
    KEEPS(close(fd));
    return 0;
}

static void at_the_limit(void)
{
    enum { MOST = 3000 };
    struct rlimit limit;
    int first = dup(1), fd, last = first, ends[2];
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max < MOST ? limit.rlim_max : MOST;
    KEEPS(setrlimit(RLIMIT_NOFILE, &limit));
    for (errno = UNTOUCHED; (fd = dup(1)) >= 0; last = fd)
        look("dup", __LINE__, UNTOUCHED, errno);
    look("dup", __LINE__, EMFILE, errno);
    LEAVES(EMFILE, open("/dev/null", O_RDONLY));
    LEAVES(EMFILE, fopen("/dev/null", "r") != NULL);
    LEAVES(EMFILE, opendir("/") != NULL);
    LEAVES(EMFILE, pipe(ends));
    for (fd = first; fd <= last; fd++)
        KEEPS(close(fd));
}

static void forked(void)
{
    int status = 0;
    errno = UNTOUCHED;
    pid_t child = fork();
    look("fork", __LINE__, UNTOUCHED, errno);
    if (child == 0) {
        everything(NULL);
        fflush(stdout);
        _exit(wrong != 0);
    }
    KEEPS(waitpid(child, &status, 0) != child);
    wrong += status != 0;
    errno = UNTOUCHED;
    child = vfork();
    if (child == 0)
        _exit(0);
    look("vfork", __LINE__, UNTOUCHED, errno);
    KEEPS(waitpid(child, &status, 0) != child);
}

int main(void)
{
    pthread_t thread;
    everything(NULL);
    if (pthread_create(&thread, NULL, everything, NULL) == 0)
        pthread_join(thread, NULL);
    for (int depth = 1; depth < 80; depth++)
        deep(depth);
    at_the_limit();
    forked();
    printf("%d times wrong\n", wrong);
    return wrong != 0;
}
