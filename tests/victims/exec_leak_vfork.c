/*
 * A vfork child moves one file to where the next program wants it, closes another, and forgets a third.
 * EXPECT: leak-across-exec count=1 target=/bin/true call=open name=/etc/hostname birth=forgotten exec=start
 */
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

static int forgotten(void)
{
    return open("/etc/hostname", O_RDONLY);
}

static int start(int moved, int closed)
{
    int status = 1;
    pid_t child = vfork();
    if (child == 0) {
        dup2(moved, 9);
        close(moved);
        close(closed);
        execl("/nowhere/true", "true", (char *)NULL);
        execl("/bin/true", "true", (char *)NULL);
        _exit(1);
    }
    return waitpid(child, &status, 0) == child ? status : 1;
}

int main(void)
{
    int moved = open("/etc/passwd", O_RDONLY), closed = open("/etc/group", O_RDONLY), left = forgotten();
    int failed = start(moved, closed);
    close(left);
    close(closed);
    close(moved);
    return failed != 0;
}
