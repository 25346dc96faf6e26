/*
 * Not one descriptor left: every way to make one says EMFILE, and nothing else goes wrong.
 * VERIFY: yes
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void)
{
    int last = -1, fd, ends[2];
    setrlimit(RLIMIT_NOFILE, &(struct rlimit){50, 50});
    while ((fd = dup(0)) >= 0)
        last = fd;
    for (int i = 0; i < 2; i++) {
        printf("open %d %d\n", open("/dev/null", O_RDONLY), errno == EMFILE);
        printf("fopen %d %d\n", fopen("/dev/null", "r") != NULL, errno == EMFILE);
        printf("opendir %d %d\n", opendir("/") != NULL, errno == EMFILE);
        printf("pipe %d %d\n", pipe(ends), errno == EMFILE);
        printf("socket %d %d\n", socket(AF_UNIX, SOCK_STREAM, 0), errno == EMFILE);
        printf("popen %d %d\n", popen("true", "r") != NULL, errno == EMFILE);
    }
    close(last);
    printf("%d\n", open("/dev/null", O_RDONLY) == last);
    return close(last); /* leaves one for the verification */
}
