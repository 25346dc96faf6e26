/*
 * SECCOMP_MODE_STRICT leaves read, write, exit and sigreturn.
 */
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
    char byte;
    int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    close(100);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0)
        return 1;
    for (int i = 0; i < 100; i++)
        if (read(zero, &byte, 1) != 1 || read(100, &byte, 1) != -1)
            syscall(SYS_exit, 2);
    if (write(1, "done\n", 5) != 5)
        syscall(SYS_exit, 3);
    syscall(SYS_exit, 0);
}
