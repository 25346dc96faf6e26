/*
 * Twenty times a fresh file is open while a shell runs: twenty lifetimes of one site.
 * EXPECT: leak-across-exec count=20 crossings=20 target=/bin/sh call=open birth=load exec=shell
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static int load(void)
{
    return open("/etc/passwd", O_RDONLY);
}

static int shell(void)
{
    return system("true");
}

int main(void)
{
    int failed = 0;
    for (int i = 0; i < 20; i++) {
        int fd = load();
        failed |= shell();
        close(fd);
    }
    return failed != 0;
}
