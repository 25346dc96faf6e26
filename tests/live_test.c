/* Live: what /proc says about a process; mostly about this one. */
#include "live/live.h"

#include "fdtrace/fdtrace.h"
#include "support.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct live read_us(void)
{
    struct live live;
    char error[256];
    cr_assert_eq(live_read(&live, getpid(), error, sizeof(error)), 0, "%s", error);
    return live;
}

static int make_file(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    cr_assert_geq(fd, 0, "%s: %s", path, strerror(errno));
    return fd;
}

static void close_all(int count, ...)
{
    va_list fds;
    va_start(fds, count);
    for (int i = 0; i < count; i++)
        close(va_arg(fds, int));
    va_end(fds);
}

Test(live, tells_who_a_process_is)
{
    char exe[4096] = "", cwd[4096];
    struct rlimit limit;
    struct live live = read_us();
    cr_assert_gt(readlink("/proc/self/exe", exe, sizeof(exe) - 1), 0);
    cr_assert(getcwd(cwd, sizeof(cwd)) != NULL && getrlimit(RLIMIT_NOFILE, &limit) == 0);
    cr_expect_eq(live.pid, getpid());
    cr_expect_eq(live.inner_pid, getpid());
    cr_expect_eq(live.uid, geteuid());
    cr_expect_str_eq(live.exe, exe);
    cr_expect_str_eq(live.cwd, cwd);
    cr_expect_eq(live.soft, limit.rlim_cur);
    cr_expect_eq(live.hard, limit.rlim_max);
    cr_expect_gt(live.argc, 0);
    cr_expect_null(live.argv[live.argc]);
    live_free(&live);
}

Test(live, tells_names_flags_and_inodes)
{
    char *folder = scratch_make();
    struct stat status;
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max; /* often 1024 */
    setrlimit(RLIMIT_NOFILE, &limit);
    int fd = make_file(text("%s/plain", folder)), high = dup2(fd, 4321);
    struct live live = read_us();
    const struct live_descriptor *found = live_find(&live, fd), *copy = live_find(&live, high);
    cr_assert(found != NULL && copy != NULL && fstat(fd, &status) == 0);
    cr_expect_eq(found->kind, FDT_FILE);
    cr_expect_str_eq(found->name, text("%s/plain", folder));
    cr_expect_eq(found->flags & (O_ACCMODE | O_APPEND | O_CLOEXEC), (unsigned)(O_RDWR | O_APPEND | O_CLOEXEC));
    cr_expect_eq(copy->flags & O_CLOEXEC, 0u, "a duplicate has a flag of its own");
    cr_expect(found->inode == status.st_ino && found->device == status.st_dev);
    cr_expect_not(found->deleted);
    cr_expect_null(live_find(&live, high + 1));
    for (size_t i = 1; i < live.count; i++)
        cr_expect_lt(live.descriptors[i - 1].fd, live.descriptors[i].fd);
    live_free(&live);
    close_all(2, fd, high);
    scratch_remove(folder);
}

Test(live, knows_a_deleted_file_from_one_called_so)
{
    char *folder = scratch_make();
    int gone = make_file(text("%s/gone", folder)), called = make_file(text("%s/called (deleted)", folder));
    int linked = make_file(text("%s/one", folder));
    cr_assert_eq(link(text("%s/one", folder), text("%s/two", folder)), 0);
    unlink(text("%s/gone", folder));
    unlink(text("%s/one", folder));
    struct live live = read_us();
    const struct live_descriptor *found = live_find(&live, gone);
    cr_expect(found != NULL && found->deleted);
    cr_expect_str_eq(found->name, text("%s/gone", folder));
    found = live_find(&live, called);
    cr_expect(found != NULL && !found->deleted);
    cr_expect_str_eq(found->name, text("%s/called (deleted)", folder));
    found = live_find(&live, linked);
    cr_expect(found != NULL && found->deleted, "the name it was opened by is gone, though it has another");
    live_free(&live);
    close_all(3, gone, called, linked);
    scratch_remove(folder);
}

static const char *name_of(const struct live *live, int fd)
{
    const struct live_descriptor *found = live_find(live, fd);
    return found != NULL ? found->name : "(closed)";
}

Test(live, names_sockets_by_their_addresses)
{
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct sockaddr_un abstract = {.sun_family = AF_UNIX};
    socklen_t size = sizeof(four), size6 = sizeof(six);
    int udp = socket(AF_INET, SOCK_DGRAM, 0), tcp6 = socket(AF_INET6, SOCK_STREAM, 0);
    int named = socket(AF_UNIX, SOCK_STREAM, 0), nameless = socket(AF_INET, SOCK_STREAM, 0);
    snprintf(abstract.sun_path + 1, sizeof(abstract.sun_path) - 1, "fdtrace-test-%d", (int)getpid());
    socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(abstract.sun_path + 1));
    cr_assert(bind(udp, (struct sockaddr *)&four, size) == 0 && getsockname(udp, (struct sockaddr *)&four, &size) == 0);
    bool has_six = bind(tcp6, (struct sockaddr *)&six, size6) == 0 && listen(tcp6, 1) == 0 &&
                   getsockname(tcp6, (struct sockaddr *)&six, &size6) == 0;
    cr_assert_eq(bind(named, (struct sockaddr *)&abstract, length), 0);
    struct live live = read_us();
    cr_expect_str_eq(name_of(&live, udp), text("127.0.0.1:%u", ntohs(four.sin_port)));
    if (has_six)
        cr_expect_str_eq(name_of(&live, tcp6), text("[::1]:%u", ntohs(six.sin6_port)));
    cr_expect_str_eq(name_of(&live, named), text("unix:@%s", abstract.sun_path + 1));
    cr_expect(strncmp(name_of(&live, nameless), "socket:[", 8) == 0, "%s", name_of(&live, nameless));
    cr_expect_eq(live_find(&live, nameless)->kind, FDT_SOCKET_INET, "known by its protocol, since no table has it");
    live_free(&live);
    close_all(4, udp, tcp6, named, nameless);
}

Test(live, finds_recordings_that_are_mapped)
{
    char *folder = scratch_make();
    const char *kept = text("%s/a name\nwith a break.fdt", folder), *plain = text("%s/1.1.fdt", folder);
    const char *other = text("%s/1.1.fdt.old", folder);
    const char *const paths[] = {kept, plain, other};
    for (size_t i = 0; i < 3; i++) {
        int fd = make_file(paths[i]);
        cr_assert_eq(ftruncate(fd, 8192), 0);
        char *memory = mmap(NULL, 8192, PROT_READ, MAP_SHARED, fd, 0);
        cr_assert(memory != MAP_FAILED && mprotect(memory, 4096, PROT_NONE) == 0); /* two lines of maps */
        close(fd);
    }
    struct live live = read_us();
    size_t own = fdtrace_version() != NULL; /* we may be traced ourselves */
    cr_expect_eq(live.candidate_count, 2u + own, "%zu", live.candidate_count);
    for (size_t i = 0; i < live.candidate_count; i++) {
        struct stat found, one, two;
        if (stat(live.candidates[i], &found) != 0)
            continue; /* through map_files, which may be forbidden */
        cr_assert(stat(kept, &one) == 0 && stat(plain, &two) == 0);
        bool expected = found.st_ino == one.st_ino || found.st_ino == two.st_ino;
        cr_expect(expected || own > 0, "%s", live.candidates[i]);
        own -= !expected && own > 0;
    }
    live_free(&live);
    scratch_remove(folder);
}

Test(live, tells_what_libc_keeps)
{
    int kept = open("/etc/passwd", O_RDONLY | O_CLOEXEC), ours = open("/dev/null", O_RDONLY);
    int pair[2];
    cr_assert_eq(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair), 0);
    struct live live = read_us();
    cr_expect(live_is_libc(&live, live_find(&live, kept)));
    cr_expect_not(live_is_libc(&live, live_find(&live, ours)));
    cr_expect_not(live_is_libc(&live, live_find(&live, pair[0])));
    live_free(&live);
    close_all(4, kept, ours, pair[0], pair[1]);
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

Test(live, calls_a_file_another_only_with_proof)
{
    char *folder = scratch_make();
    const char *one = text("%s/one", folder), *two = text("%s/two", folder), *link = text("%s/link", folder);
    int first = make_file(one), second = make_file(two);
    cr_assert_eq(symlink("one", link), 0);
    double born = now() + 10; /* clocks of file systems lag */
    struct live live = read_us();
    const struct live_descriptor *opened = live_find(&live, first), *another = live_find(&live, second);
    cr_expect(live_is_other_file(&live, another, one, born), "one was there, and this is two");
    cr_expect(live_is_other_file(&live, another, link, born));
    cr_expect_not(live_is_other_file(&live, opened, one, born));
    cr_expect_not(live_is_other_file(&live, opened, link, born));
    cr_expect_not(live_is_other_file(&live, another, one, 1), "one may have been another file in 1970");
    cr_expect_not(live_is_other_file(&live, another, text("%s/none", folder), born), "it may have been deleted since");
    cr_expect_not(live_is_other_file(&live, another, "/dev/stdin", born));
    live_free(&live);
    close_all(2, first, second);
    scratch_remove(folder);
}

Test(live, refuses_what_it_cannot_see)
{
    struct live live;
    char error[256];
    cr_expect_eq(live_read(&live, 2147483647, error, sizeof(error)), -ESRCH);
    cr_expect_str_eq(error, "there is no process 2147483647");
    pid_t observed = getpid(), child = fork();
    if (child == 0) { /* as nobody, unless we are nobody already */
        if (setgid(65534) != 0 || setuid(65534) != 0)
            _exit(77);
        int result = live_read(&live, observed, error, sizeof(error));
        _exit(result == -EACCES && strstr(error, "not permitted") != NULL ? 0 : 1);
    }
    int status;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_expect(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 77));
}

/* Descriptors that come and go while /proc is read are left out or whole, never half there. */
Test(live, survives_descriptors_that_vanish)
{
    pid_t child = fork();
    if (child == 0) {
        for (;;) {
            int fds[64];
            for (int i = 0; i < 64; i++)
                fds[i] = i % 2 == 0 ? open("/etc/hostname", O_RDONLY) : socket(AF_INET, SOCK_STREAM, 0);
            for (int i = 0; i < 64; i++)
                close(fds[i]);
        }
    }
    for (int round = 0; round < 50; round++) {
        struct live live;
        char error[256];
        cr_assert_eq(live_read(&live, child, error, sizeof(error)), 0, "%s", error);
        for (size_t i = 0; i < live.count; i++)
            cr_expect(live.descriptors[i].name[0] != '\0' && live.descriptors[i].kind != FDT_UNASKED);
        live_free(&live);
    }
    kill(child, SIGKILL);
    cr_assert_eq(waitpid(child, NULL, 0), child);
}
