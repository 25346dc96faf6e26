/*
 * Born without close-on-exec and never given it: a note, even though everything is closed in the end.
 * EXPECT: missing-cloexec count=3 call=open birth=load
 */
#include <fcntl.h>
#include <unistd.h>

static int load(void)
{
    return open("/etc/passwd", O_RDONLY);
}

int main(void)
{
    for (int i = 0; i < 3; i++)
        close(load());
    return 0;
}
