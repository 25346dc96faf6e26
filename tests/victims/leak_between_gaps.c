/*
 * Segments aligned to large pages lie apart, and the unwind tables in another one than the code; frame pointers do not help.
 * EXPECT: leak-at-exit count=1 birth=start_of_service
 * LIBS: -Wl,-z,separate-code -Wl,-z,max-page-size=0x200000 -O1 -fomit-frame-pointer
 */
#include <fcntl.h>
#include <string.h>

__attribute__((noinline)) static int open_copy(const char *name)
{
    char copy[64];
    strcpy(copy, name);
    int fd = open(copy, O_RDONLY | O_CLOEXEC);
    __asm__ volatile("" ::"r"(copy) : "memory");
    return fd;
}

__attribute__((noinline)) static int start_of_service(const char *name)
{
    int fd = open_copy(name);
    __asm__ volatile("" ::: "memory");
    return fd >= 0;
}

int main(void)
{
    return !start_of_service("/etc/passwd");
}
