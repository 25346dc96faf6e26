/*
 * A second libc in a namespace of its own (dlmopen), which no preloaded library reaches: it opens and closes numbers
 * the first knows, and the other way round.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
    void *libc = dlmopen(LM_ID_NEWLM, "libc.so.6", RTLD_NOW | RTLD_LOCAL);
    if (libc == NULL) {
        puts(dlerror());
        return 1;
    }
    int (*their_open)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(libc, "open");
    int (*their_close)(int) = (int (*)(int))dlsym(libc, "close");
    int theirs = their_open("/dev/null", O_RDONLY | O_CLOEXEC);
    int ours = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    printf("%d %d\n", theirs, ours);
    printf("%d %d\n", close(theirs), their_close(ours));
    ours = open("/dev/null", O_RDONLY | O_CLOEXEC); /* on a number whose death was not seen */
    printf("%d %d\n", ours, close(ours));
    void *library = dlmopen(LM_ID_NEWLM, "libm.so.6", RTLD_NOW);
    printf("%d\n", library != NULL && dlclose(library) == 0);
    dlclose(libc);
    theirs = open("/dev/null", O_RDONLY | O_CLOEXEC);
    printf("%d %d\n", theirs, close(theirs));
    return 0;
}
