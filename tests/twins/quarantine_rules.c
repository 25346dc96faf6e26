/*
 * What a closed number may be used for, with all of them in quarantine: every call answers as it would without.
 * EXPECT: nothing
 * OPTIONS: quarantine=16:verify=1
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MUST(condition) ((condition) ? (void)0 : errx(1, "line %d: %s (errno %d)", __LINE__, #condition, errno))
#define REFUSED(call)   MUST((errno = 0, (call) == -1 && errno == EBADF))

static int open_null(void)
{
    int fd = open("/dev/null", O_RDWR);
    MUST(fd >= 0);
    return fd;
}

static int closed_number(void)
{
    int fd = open_null();
    MUST(close(fd) == 0);
    return fd;
}

/* Asking is no misuse. */
static void questions(void)
{
    struct stat status;
    int fd = closed_number();
    struct pollfd ask = {.fd = fd, .events = POLLIN};
    REFUSED(fcntl(fd, F_GETFD));
    REFUSED(fcntl(fd, F_GETFL));
    REFUSED(fcntl(fd, F_SETFD, FD_CLOEXEC));
    REFUSED(fcntl(fd, F_DUPFD, 3));
    REFUSED(fstat(fd, &status));
    REFUSED(fstatat(fd, "", &status, AT_EMPTY_PATH));
    REFUSED(dup2(fd, fd));
    MUST(isatty(fd) == 0 && errno == EBADF);
    MUST(poll(&ask, 1, 0) == 1 && ask.revents == POLLNVAL);
    MUST(fstatat(fd, "/", &status, 0) == 0); /* which does not need it */
}

/* The lowest number is promised, and relied upon, from 0 to 2. */
static void standard_numbers(void)
{
    int saved = fcntl(0, F_DUPFD_CLOEXEC, 10);
    MUST(saved >= 10 && close(0) == 0 && open("/dev/null", O_RDONLY) == 0);
    MUST(dup2(saved, 0) == 0 && close(saved) == 0);
}

/* A closed number is a place to put something. */
static void replaced(void)
{
    int from = open_null(), to = closed_number();
    MUST(dup2(from, to) == to && fcntl(to, F_GETFD) == 0 && write(to, "x", 1) == 1);
    MUST(close(to) == 0);
    MUST(dup3(from, to, O_CLOEXEC) == to && fcntl(to, F_GETFD) == FD_CLOEXEC);
    MUST(close(to) == 0 && close(from) == 0);
    for (int i = 0; i < 40; i++) /* whatever was to be given back instead of to has been, and to was not closed with it */
        closed_number();
    from = open_null();
    to = closed_number();
    MUST(dup2(from, to) == to);
    for (int i = 0; i < 40; i++)
        closed_number();
    MUST(fcntl(to, F_GETFD) == 0 && close(to) == 0 && close(from) == 0);
}

static void swept(void)
{
    int low = open_null(), high = fcntl(low, F_DUPFD, 600);
    MUST(high >= 600);
    closed_number();
    MUST(close_range(3, ~0u, 0) == 0);
    MUST(open_null() == 3 && open_null() == 4); /* nothing is left on any number */
    closefrom(3);
    MUST(open_null() == 3);
    MUST(close(3) == 0);
}

static void streams(void)
{
    FILE *stream = fopen("/dev/null", "re");
    DIR *directory = opendir("/");
    MUST(stream != NULL && directory != NULL && fclose(stream) == 0 && closedir(directory) == 0);
    MUST((stream = fopen("/dev/null", "re")) != NULL && freopen("/dev/zero", "re", stream) == stream);
    MUST(fgetc(stream) == 0 && fclose(stream) == 0);
    MUST((stream = popen("true", "re")) != NULL && pclose(stream) == 0);
}

/* Neither a forked child nor a new program has anything on them. */
static void children(void)
{
    int fd = closed_number(), status;
    pid_t child = fork();
    if (child == 0)
        _exit(fcntl(fd, F_GETFD) == -1 && open_null() == 3 && close(3) == 0 ? 0 : 1);
    MUST(waitpid(child, &status, 0) == child && status == 0);
    char path[64];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if ((child = vfork()) == 0) {
        execl("/proc/self/exe", "quarantine_rules", path, (char *)NULL);
        _exit(127);
    }
    MUST(waitpid(child, &status, 0) == child && status == 0);
}

/* Numbers inside of data: what a child is to do. */
static void named_in_data(void)
{
    posix_spawn_file_actions_t actions;
    pid_t child;
    int fd = closed_number();
    MUST(posix_spawn_file_actions_init(&actions) == 0 && posix_spawn_file_actions_adddup2(&actions, fd, 9) == 0);
    MUST(posix_spawn(&child, "/bin/true", &actions, NULL, (char *[]){"true", NULL}, NULL) == EBADF);
    MUST(posix_spawn_file_actions_destroy(&actions) == 0);
}

int main(int argc, char **argv)
{
    char target[8];
    if (argc > 1) /* the new program: what did it get? */
        return readlink(argv[1], target, sizeof(target)) == -1 ? 0 : 1;
    closefrom(3); /* what whoever started us had open */
    questions();
    standard_numbers();
    replaced();
    streams();
    children();
    named_in_data();
    swept();
    children();
    return 0;
}
