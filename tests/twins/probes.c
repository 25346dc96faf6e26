/*
 * Asking whether a number is open is no use of it, also when it has a past.
 * EXPECT: nothing
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
    struct stat about;
    int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    close(fd);
    struct pollfd watched = {fd, POLLIN, 0};
    int answers = (fcntl(fd, F_GETFD) == -1 && errno == EBADF) + (fcntl(fd, F_GETFL) == -1 && errno == EBADF) +
                  (fstat(fd, &about) == -1 && errno == EBADF) +
                  (poll(&watched, 1, 0) == 1 && (watched.revents & POLLNVAL) != 0) +
                  (dup2(fd, fd) == -1 && errno == EBADF);
#ifdef SYS_dup2
    answers += syscall(SYS_dup2, fd, fd) == -1 && errno == EBADF;
#else
    answers++;
#endif
    return answers != 6;
}
