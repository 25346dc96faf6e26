/* Asks whether the kernel has seccomp, in the usual way, and leaks a file; tests/standalone_test.c. */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

int main(void)
{
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, 0, 0, 0) != -1 || errno != EFAULT)
        return 1;
    return open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0;
}
