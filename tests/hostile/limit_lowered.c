/*
 * The limit goes down below numbers that are open: they stay open, can be used, copied from and closed, but no new one
 * comes to lie up there until the limit goes up again.
 * VERIFY: yes
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

static void tell(const char *what, int answer)
{
    printf("%s %d %s\n", what, answer, answer >= 0 ? "" : errno == EMFILE ? "EMFILE" : errno == EBADF ? "EBADF" : "?");
}

int main(void)
{
    struct rlimit old, low;
    int last = -1;
    getrlimit(RLIMIT_NOFILE, &old);
    for (int i = 0; i < 200; i++)
        last = open("/dev/null", O_RDONLY | O_CLOEXEC);
    low = (struct rlimit){20, old.rlim_max};
    tell("lower", setrlimit(RLIMIT_NOFILE, &low));
    tell("still there", fcntl(last, F_GETFD));
    tell("dup2 above", dup2(0, last - 10));
    tell("dup3 above", dup3(last, 100, O_CLOEXEC));
    tell("dup2 onto itself above", dup2(last, last));
    tell("dup2 from above", dup2(last, 10));
    tell("dup", dup(last));
    tell("open", open("/dev/null", O_RDONLY));
    tell("flag above", fcntl(last, F_SETFD, 0));
    tell("close above", close(last - 10));
    tell("and again", dup2(0, last - 10));
    tell("close below", close(5));
    tell("open below", open("/dev/null", O_RDONLY));
    tell("raise", setrlimit(RLIMIT_NOFILE, &old));
    tell("dup2 to the freed one", dup2(0, last - 10) == last - 10);
    tell("far above", dup2(0, 4000));
    tell("close below", close(7));
    return 0;
}
