/*
 * A storm of closing and opening again in which nobody does anything wrong: threads that come and go, each closing only what
 * it owns or was given; numbers are reused at once. Before each close its owner makes sure that the number still is what it
 * was given, so the storm finds out by itself if somebody has taken it away. What is born without close-on-exec lives and
 * dies while nothing is executed. tests/torture_test.c and scripts/storm.sh run it.
 *   storm operations N     each thread of each generation does N things
 *   storm seconds N        generations follow each other for so long
 * LIBS: -lpthread
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MUST(condition) ((condition) ? (void)0 : errx(1, "line %d: %s (errno %d)", __LINE__, #condition, errno))

enum { THREADS = 4, GENERATIONS = 4, OPERATIONS = 5000, HELD = 16, PLACES = 8 };

/* Something open that one thread owns: a number, or a handle with a number. */
struct item {
    enum { NOTHING, NUMBER, STREAM, DIRECTORY } how;
    int fd;
    void *handle;
    dev_t device;       /* what it was when it was opened */
    ino_t inode;
};

/* What a thread owns, and its dice. */
struct hand {
    uint64_t seed;
    unsigned count;
    struct item items[HELD];
};

static uint64_t per_thread = OPERATIONS;

/* Held for reading while something is open without close-on-exec, for writing where a program may be executed. */
static pthread_rwlock_t executing = PTHREAD_RWLOCK_INITIALIZER;

static unsigned dice(struct hand *hand, unsigned sides)
{
    hand->seed = hand->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(hand->seed >> 33) % sides;
}

static void still_ours(const struct item *item)
{
    struct stat status;
    MUST(fstat(item->fd, &status) == 0 && status.st_dev == item->device && status.st_ino == item->inode);
}

static void end(const struct item *item)
{
    still_ours(item);
    if (item->how == STREAM)
        MUST(fclose(item->handle) == 0);
    else if (item->how == DIRECTORY)
        MUST(closedir(item->handle) == 0);
    else
        MUST(close(item->fd) == 0);
}

static void drop(struct hand *hand, unsigned index)
{
    struct item item = hand->items[index];
    hand->items[index] = hand->items[--hand->count];
    end(&item);
}

static void end_one(struct hand *hand)
{
    if (hand->count > 0)
        drop(hand, dice(hand, hand->count));
}

/* The thread owns it from now on; a full hand ends another one first. */
static void keep(struct hand *hand, int how, int fd, void *handle)
{
    struct stat status;
    MUST(fd > 2 && fstat(fd, &status) == 0);
    if (hand->count == HELD)
        end_one(hand);
    hand->items[hand->count++] =
        (struct item){.how = how, .fd = fd, .handle = handle, .device = status.st_dev, .inode = status.st_ino};
}

static void keep_number(struct hand *hand, int fd)
{
    keep(hand, NUMBER, fd, NULL);
}

/* --- births --- */

static int open_some(struct hand *hand)
{
    static const char *const paths[] = {"/dev/null", "/dev/zero", "/proc/self/exe", "/etc/passwd", "/"};
    int fd = open(paths[dice(hand, 5)], O_RDONLY | O_CLOEXEC);
    MUST(fd > 2);
    return fd;
}

static void open_number(struct hand *hand)
{
    keep_number(hand, open_some(hand));
}

static void open_nameless(struct hand *hand)
{
    switch (dice(hand, 5)) {
    case 0: keep_number(hand, eventfd(0, EFD_CLOEXEC)); break;
    case 1: keep_number(hand, epoll_create1(EPOLL_CLOEXEC)); break;
    case 2: keep_number(hand, timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC)); break;
    case 3: keep_number(hand, socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)); break;
    default: keep_number(hand, memfd_create("storm", MFD_CLOEXEC)); break;
    }
}

static void open_two(struct hand *hand)
{
    int ends[2];
    if (dice(hand, 2) == 0)
        MUST(pipe2(ends, O_CLOEXEC) == 0);
    else
        MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    keep_number(hand, ends[0]);
    keep_number(hand, ends[1]);
}

static void open_stream(struct hand *hand)
{
    FILE *stream = dice(hand, 3) == 0 ? fdopen(open_some(hand), "r") : fopen("/etc/passwd", "re");
    MUST(stream != NULL);
    keep(hand, STREAM, fileno(stream), stream);
}

static void open_directory(struct hand *hand)
{
    DIR *directory = dice(hand, 3) == 0 ? fdopendir(open("/", O_RDONLY | O_CLOEXEC)) : opendir("/proc");
    MUST(directory != NULL && readdir(directory) != NULL);
    keep(hand, DIRECTORY, dirfd(directory), directory);
}

static void accept_one(struct hand *hand)
{
    struct sockaddr_un_any {
        sa_family_t family;
        char name[108];
    } address = {.family = AF_UNIX}; /* the kernel finds a name that is no path */
    socklen_t length = sizeof(address);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), caller = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    MUST(bind(listener, (struct sockaddr *)&address, sizeof(sa_family_t)) == 0 && listen(listener, 1) == 0);
    MUST(getsockname(listener, (struct sockaddr *)&address, &length) == 0);
    MUST(connect(caller, (struct sockaddr *)&address, length) == 0);
    keep_number(hand, accept4(listener, NULL, NULL, SOCK_CLOEXEC));
    keep_number(hand, caller);
    MUST(close(listener) == 0);
}

/* --- copies --- */

static struct item *any(struct hand *hand)
{
    if (hand->count == 0)
        open_number(hand);
    return &hand->items[dice(hand, hand->count)];
}

static void copy_one(struct hand *hand)
{
    keep_number(hand, fcntl(any(hand)->fd, F_DUPFD_CLOEXEC, (int)dice(hand, 40)));
}

/* Over another one of its own: what lay there is gone, and what is there now belongs to the same owner. */
static void copy_onto(struct hand *hand)
{
    const struct item *from = any(hand);
    struct item *onto = any(hand);
    still_ours(onto);
    if (from->fd == onto->fd || onto->how != NUMBER)
        return;
    MUST(dup3(from->fd, onto->fd, O_CLOEXEC) == onto->fd);
    onto->device = from->device;
    onto->inode = from->inode;
}

static void reopen_stream(struct hand *hand)
{
    struct item *item = any(hand);
    struct stat status;
    if (item->how != STREAM)
        return;
    still_ours(item);
    MUST(freopen("/dev/zero", "re", item->handle) == item->handle);
    item->fd = fileno(item->handle);
    MUST(fstat(item->fd, &status) == 0 && fcntl(item->fd, F_SETFD, FD_CLOEXEC) == 0);
    item->device = status.st_dev;
    item->inode = status.st_ino;
}

/* Neighbours that are all its own, found far from where the others are busy, are closed at once. */
static void close_own_range(struct hand *hand)
{
    int last, first = fcntl(any(hand)->fd, F_DUPFD_CLOEXEC, 400), next = first;
    MUST(first >= 400);
    do {
        last = next;
        next = fcntl(first, F_DUPFD_CLOEXEC, first);
    } while (next == last + 1 && dice(hand, 8) != 0);
    MUST(close_range((unsigned)first, (unsigned)last, 0) == 0 && close(next) == 0);
}

/* --- use --- */

/* A message takes a copy along, which the receiver owns. */
static void send_one(struct hand *hand)
{
    int ends[2], fd = any(hand)->fd;
    char byte = 'x', room[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8))) = {0};
    struct iovec data = {&byte, 1};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room)};
    struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
    *rights = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(rights), &fd, sizeof(fd));
    MUST(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends) == 0);
    MUST(sendmsg(ends[0], &message, 0) == 1 && recvmsg(ends[1], &message, MSG_CMSG_CLOEXEC) == 1);
    memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
    MUST(fcntl(fd, F_GETFL) != -1); /* which uses it */
    keep_number(hand, fd);
    MUST(close(ends[0]) == 0 && close(ends[1]) == 0);
}

/* When its last writer is gone a pipe has an end. A forked child may be another one for a moment. */
static void end_of_pipe(struct hand *hand)
{
    int ends[2];
    char bytes[8];
    (void)hand;
    MUST(pipe2(ends, O_CLOEXEC) == 0 && write(ends[1], "storm", 5) == 5 && close(ends[1]) == 0);
    MUST(read(ends[0], bytes, sizeof(bytes)) == 5 && read(ends[0], bytes, sizeof(bytes)) == 0 && close(ends[0]) == 0);
}

/* Whoever asks does no harm, whatever the answer is. */
static void ask(struct hand *hand)
{
    struct stat status;
    int fd = 3 + (int)dice(hand, 60);
    struct pollfd watched = {.fd = fd, .events = POLLIN};
    fcntl(fd, F_GETFD);
    fstat(fd, &status);
    poll(&watched, 1, 0);
    still_ours(any(hand));
}

static void inheritable(struct hand *hand)
{
    MUST(pthread_rwlock_rdlock(&executing) == 0);
    int fd = dup(any(hand)->fd);
    FILE *stream = tmpfile();
    MUST(fd > 2 && stream != NULL && fputs("storm", stream) >= 0 && fflush(stream) == 0);
    if (dice(hand, 2) == 0)
        MUST(dup2(fd, fileno(stream)) == fileno(stream));
    MUST(fclose(stream) == 0 && close(fd) == 0);
    MUST(pthread_rwlock_unlock(&executing) == 0);
}

/* What two threads have in common changes hands: who has it closes it, whoever opened it. */
static pthread_mutex_t door = PTHREAD_MUTEX_INITIALIZER;
static struct item counter[PLACES];

static void exchange(struct hand *hand)
{
    struct item *mine = any(hand), *place = &counter[dice(hand, PLACES)], theirs;
    MUST(pthread_mutex_lock(&door) == 0);
    theirs = *place;
    *place = *mine;
    MUST(pthread_mutex_unlock(&door) == 0);
    *mine = theirs.how != NOTHING ? theirs : hand->items[--hand->count];
}

static void clear_counter(void)
{
    for (int i = 0; i < PLACES; i++)
        if (counter[i].how != NOTHING)
            end(&counter[i]);
}

/* An open and close of its own, between any two instructions of others. */
static void interrupted(int signal)
{
    int saved = errno, fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    (void)signal;
    MUST(fd > 2 && close(fd) == 0);
    errno = saved;
}

static void disturb(struct hand *hand)
{
    (void)hand;
    MUST(kill(getpid(), SIGUSR1) == 0);
}

/* --- children --- */

static void await(pid_t child)
{
    int status;
    MUST(child > 0 && waitpid(child, &status, 0) == child);
    if (status != 0)
        errx(1, "a child ended with status %#x", status);
}

/* It has a copy of everything, owns its copies, and closes them one by one or all at once. */
static void child_main(struct hand *hand)
{
    for (unsigned i = 0; i < hand->count; i++)
        if (hand->items[i].how == NUMBER)
            end(&hand->items[i]);
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    MUST(fd > 2 && close(fd) == 0);
    if (dice(hand, 2) == 0)
        closefrom(3);
    _exit(0);
}

static void fork_child(struct hand *hand)
{
    pid_t child = fork();
    if (child == 0)
        child_main(hand);
    await(child);
}

static void execute(struct hand *hand)
{
    char *const words[] = {"true", NULL};
    pid_t child;
    MUST(pthread_rwlock_wrlock(&executing) == 0);
    if (dice(hand, 3) == 0) {
        MUST(posix_spawn(&child, "/bin/true", NULL, NULL, words, environ) == 0);
    } else {
        child = dice(hand, 2) == 0 ? fork() : vfork();
        if (child == 0) {
            execv("/bin/true", words);
            _exit(127);
        }
    }
    MUST(pthread_rwlock_unlock(&executing) == 0);
    await(child);
}

static void run_shell(struct hand *hand)
{
    MUST(pthread_rwlock_wrlock(&executing) == 0);
    if (dice(hand, 2) == 0) {
        MUST(system("exit 0") == 0);
    } else {
        FILE *stream = popen("echo", "re");
        MUST(stream != NULL && fgetc(stream) == '\n' && pclose(stream) == 0);
    }
    MUST(pthread_rwlock_unlock(&executing) == 0);
}

/* --- the storm --- */

/* How often, in ten thousand: the dear ones are rare. */
static const struct deed {
    void (*deed)(struct hand *);
    unsigned share;
} deeds[] = {
    {end_one, 2600},     {exchange, 800},       {open_number, 1000}, {open_nameless, 900},   {open_two, 700},
    {open_stream, 900},  {open_directory, 500}, {accept_one, 200},   {copy_one, 700},        {copy_onto, 500},
    {reopen_stream, 200}, {close_own_range, 200}, {send_one, 200},   {end_of_pipe, 150},     {ask, 200},
    {inheritable, 100},  {disturb, 100},        {fork_child, 34},    {execute, 12},          {run_shell, 4},
};

static void do_something(struct hand *hand)
{
    unsigned thrown = dice(hand, 10000);
    for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); thrown -= deeds[i++].share)
        if (thrown < deeds[i].share) {
            deeds[i].deed(hand);
            return;
        }
}

static void *worker(void *number)
{
    struct hand hand = {.seed = (uintptr_t)number * UINT64_C(0x9e3779b97f4a7c15)};
    for (uint64_t i = 0; i < per_thread; i++)
        do_something(&hand);
    while (hand.count > 0)
        drop(&hand, 0);
    return NULL;
}

/* Signals are the workers': whoever waits for them is left alone. */
static void generation(uintptr_t number)
{
    pthread_t threads[THREADS];
    sigset_t usr1;
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    MUST(pthread_sigmask(SIG_UNBLOCK, &usr1, NULL) == 0);
    for (uintptr_t i = 0; i < THREADS; i++)
        MUST(pthread_create(&threads[i], NULL, worker, (void *)(number * THREADS + i)) == 0);
    MUST(pthread_sigmask(SIG_BLOCK, &usr1, NULL) == 0);
    for (int i = 0; i < THREADS; i++)
        MUST(pthread_join(threads[i], NULL) == 0);
}

int main(int argc, char **argv)
{
    struct sigaction action = {.sa_handler = interrupted, .sa_flags = SA_RESTART};
    unsigned long amount = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
    bool by_time = amount > 0 && strcmp(argv[1], "seconds") == 0;
    if (amount == 0 || (!by_time && strcmp(argv[1], "operations") != 0))
        errx(2, "usage: storm operations N | seconds N");
    if (!by_time)
        per_thread = amount;
    MUST(sigaction(SIGUSR1, &action, NULL) == 0);
    time_t last = time(NULL) + (time_t)amount;
    for (uintptr_t i = 1; by_time ? time(NULL) < last : i <= GENERATIONS; i++)
        generation(i);
    clear_counter();
    puts("everybody closed what was theirs, and nothing else");
    return 0;
}
