/*
 * Somebody else's wrappers around open and close, written the usual way. Counts, and says at the end whether it was
 * asked.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static int opens, closes;

int open(const char *path, int flags, ...)
{
    int (*next)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open");
    va_list rest;
    va_start(rest, flags);
    int mode = va_arg(rest, int);
    va_end(rest);
    __atomic_add_fetch(&opens, 1, __ATOMIC_RELAXED);
    return next(path, flags, mode);
}

int close(int fd)
{
    int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, "close");
    __atomic_add_fetch(&closes, 1, __ATOMIC_RELAXED);
    return next(fd);
}

__attribute__((destructor)) static void end(void)
{
    dprintf(STDERR_FILENO, "interposer: %s, %s\n", opens >= 4001 ? "every open" : "opens missed",
            closes >= 12000 ? "every close" : "closes missed");
}
