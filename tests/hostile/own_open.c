/*
 * The program's own open() comes before every library's: births unseen, deaths seen.
 * VERIFY: yes
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

static int opened;

int open(const char *path, int flags, ...)
{
    opened++;
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, 0);
}

int main(void)
{
    for (int i = 0; i < 10; i++) {
        int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
        if (fd < 0 || close(fd) != 0)
            return 1;
    }
    FILE *file = fopen("/etc/passwd", "re");
    printf("%d %d\n", opened, fgetc(file) != EOF);
    return fclose(file);
}
