/* A descriptor closed where no tracer can look is no leak: the kernel is asked before anybody is accused. */
#include "fdtrace/fdtrace.h"

#include <fcntl.h>

static long raw_close(int fd)
{
#if defined(__x86_64__)
    long answer;
    __asm__ volatile("syscall" : "=a"(answer) : "0"(3), "D"(fd) : "rcx", "r11", "memory");
    return answer;
#else
    register long number __asm__("x8") = 57, answer __asm__("x0") = fd;
    __asm__ volatile("svc 0" : "+r"(answer) : "r"(number) : "memory");
    return answer;
#endif
}

int main(void)
{
    fdtrace_mark_t mark = fdtrace_mark();
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (fdtrace_leaks_since(mark) != 1)
        return 1;
    raw_close(fd);
    return fdtrace_leaks_since(mark) == 0 && fdtrace_check(mark) == 0 ? 0 : 2;
}
