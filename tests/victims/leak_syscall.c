/*
 * A call made through syscall() is decoded: it has the call's own name.
 * EXPECT: leak-at-exit count=1 kind=file call=openat birth=load
 */
#include <err.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

static void load(const char *path)
{
    if (syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0) < 0)
        err(1, "%s", path);
}

int main(void)
{
    load("/etc/passwd");
    return 0;
}
