/*
 * What was watched is closed in every way that leaves nothing behind, and the program goes on waiting.
 * EXPECT: nothing
 * LIBS: -lpthread
 */
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

static int instance;

static void change(int operation, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data = {.fd = fd}};
    if (epoll_ctl(instance, operation, fd, &event) != 0)
        err(1, "epoll_ctl");
}

static int unready(void)
{
    int fd = eventfd(0, EFD_CLOEXEC);
    change(EPOLL_CTL_ADD, fd);
    return fd;
}

static int watched(void)
{
    int fd = eventfd(1, EFD_CLOEXEC);
    change(EPOLL_CTL_ADD, fd);
    return fd;
}

static int copy_of(int fd)
{
    return fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

static void wait_for(int expected)
{
    struct epoll_event event;
    if (epoll_wait(instance, &event, 1, 0) != expected)
        errx(1, "expected %d events", expected);
}

static void no_duplicate(void)
{
    close(watched());
    wait_for(0);
}

static void taken_out(void)
{
    int fd = watched(), copy = copy_of(fd);
    change(EPOLL_CTL_DEL, fd);
    close(fd);
    wait_for(0);
    close(copy);
}

static void duplicate_first(void)
{
    int fd = watched(), copy = copy_of(fd);
    close(copy);
    close(fd);
    wait_for(0);
}

/* For an instant there is a ghost, and nobody waits for it. */
static void both(void)
{
    int fd = watched(), copy = copy_of(fd);
    close(fd);
    close(copy);
    wait_for(0);
}

static void *wait_meanwhile(void *turns)
{
    pthread_barrier_wait(turns);
    wait_for(0);
    pthread_barrier_wait(turns);
    return NULL;
}

/* The same, and another thread begins to wait in that instant. */
static void both_among_threads(void)
{
    pthread_barrier_t turns;
    pthread_t thread;
    pthread_barrier_init(&turns, NULL, 2);
    if (pthread_create(&thread, NULL, wait_meanwhile, &turns) != 0)
        errx(1, "pthread_create");
    int fd = unready(), copy = copy_of(fd);
    close(fd);
    pthread_barrier_wait(&turns);
    pthread_barrier_wait(&turns);
    close(copy);
    pthread_join(thread, NULL);
    wait_for(0);
}

static void moved_over(void)
{
    int fd = watched(), copy = copy_of(fd);
    change(EPOLL_CTL_DEL, fd);
    change(EPOLL_CTL_ADD, copy);
    close(fd);
    wait_for(1);
    close(copy);
    wait_for(0);
}

/* The same description under the same number: it can be named again, and is. */
static void given_back(void)
{
    int fd = watched(), copy = copy_of(fd);
    close(fd);
    dup3(copy, fd, O_CLOEXEC);
    wait_for(1);
    change(EPOLL_CTL_DEL, fd);
    close(fd);
    close(copy);
    wait_for(0);
}

/* A close that fails closes nothing; a registration made and taken out through a copy of the instance. */
static void through_a_copy(void)
{
    int fd = watched(), copy = copy_of(fd), other = copy_of(instance);
    struct epoll_event event = {.events = EPOLLIN};
    if (epoll_ctl(other, EPOLL_CTL_DEL, fd, &event) != 0)
        err(1, "epoll_ctl");
    close(fd);
    wait_for(0);
    close(copy);
    close(other);
}

/* Another description of the same file, and a new one under the old number. */
static void another(void)
{
    int ends[2], again[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        err(1, "pipe2");
    int copy = copy_of(ends[0]);
    change(EPOLL_CTL_ADD, ends[0]);
    close(copy);
    close(ends[0]);
    close(ends[1]);
    if (pipe2(again, O_CLOEXEC) != 0)
        err(1, "pipe2");
    copy = copy_of(again[0]);
    wait_for(0);
    close(copy);
    close(again[0]);
    close(again[1]);
}

/* The child lets go of its copies, as it should; the parent's registration is not its business. */
static void forked(void)
{
    int fd = watched(), copy = copy_of(fd), status;
    pid_t child = fork();
    if (child == 0) {
        close(fd);
        wait_for(1);
        _exit(0);
    }
    if (waitpid(child, &status, 0) != child || status != 0)
        errx(1, "the child failed");
    change(EPOLL_CTL_DEL, fd);
    close(fd);
    close(copy);
}

static void instance_first(void)
{
    int fd = watched(), copy = copy_of(fd);
    close(instance);
    close(fd);
    instance = epoll_create1(EPOLL_CLOEXEC);
    wait_for(0);
    close(copy);
}

int main(void)
{
    instance = epoll_create1(EPOLL_CLOEXEC);
    no_duplicate();
    taken_out();
    duplicate_first();
    both();
    both_among_threads();
    moved_over();
    given_back();
    through_a_copy();
    another();
    forked();
    instance_first();
    close(instance);
    return 0;
}
