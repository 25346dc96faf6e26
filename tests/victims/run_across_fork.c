/*
 * A parent closes a number twice. Its child reads from a closed one, and goes on where the parent was, with a number nobody ever
 * had: that ends a sweep, but it was not the child who began one, and its own mistake stays.
 * EXPECT: double-close count=1 second-close=end
 * EXPECT: use-after-close count=1 use=read_closed
 */
#include <err.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

static __attribute__((noinline)) void end(int fd)
{
    close(fd);
    __asm__("");
}

static int once_open(void)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        err(1, "open");
    close(fd);
    return fd;
}

static void read_closed(int fd)
{
    char byte;
    if (read(fd, &byte, 1) >= 0)
        errx(1, "it is open");
}

int main(void)
{
    int status, fd = once_open();
    end(fd);
    pid_t child = fork();
    if (child == 0) {
        read_closed(once_open());
        end(fd + 1);
        _exit(0);
    }
    return waitpid(child, &status, 0) == child ? status : 1;
}
