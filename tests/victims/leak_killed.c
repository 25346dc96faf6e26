/*
 * SIGKILL asks nobody; what was committed is still there.
 * EXPECT: leak-at-exit count=1 kind=file call=open birth=load
 * ENDS: 137
 */
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

static int load(void)
{
    return open("/etc/passwd", O_RDONLY | O_CLOEXEC);
}

int main(void)
{
    if (load() < 0)
        return 1;
    return kill(getpid(), SIGKILL);
}
