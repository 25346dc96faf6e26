/*
 * A close that succeeds on a number believed dead means that we did not see its birth: nobody is accused.
 * EXPECT: nothing
 */
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel called without libc: no preload can see it. */
static long raw_dup(int fd)
{
    long answer;
#if defined(__x86_64__)
    __asm__ volatile("syscall" : "=a"(answer) : "0"(SYS_dup), "D"((long)fd) : "rcx", "r11", "memory");
#else
    register long x8 __asm__("x8") = SYS_dup;
    register long x0 __asm__("x0") = fd;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8) : "memory");
    answer = x0;
#endif
    return answer;
}

int main(void)
{
    int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    close(fd);
    for (int i = 0; i < 5; i++) {
        char byte;
        if (raw_dup(0) != fd || (read(fd, &byte, 1) < 0) || close(fd) != 0)
            return 1;
    }
    return 0;
}
