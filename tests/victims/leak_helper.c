/*
 * Two callers of one helper are two sites: the open is the same line, the culprit is not.
 * EXPECT: leak-at-exit count=3 kind=file call=open birth=load_users
 * EXPECT: leak-at-exit count=2 kind=file call=open birth=load_groups
 */
#include <err.h>
#include <fcntl.h>

static int xopen(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        err(1, "%s", path);
    return fd;
}

static int load_users(void)
{
    return xopen("/etc/passwd");
}

static int load_groups(void)
{
    return xopen("/etc/group");
}

int main(void)
{
    /* Interleaved on purpose: both have the same depth, so a stack remembered for one must not serve the other. */
    for (int i = 0; i < 3; i++) {
        load_users();
        if (i < 2)
            load_groups();
    }
    return 0;
}
