/*
 * Handlers that open and close on a signal stack of 16 KiB, above a page that must not be touched.
 * VERIFY: yes
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define SIZE  (16 << 10)
#define GUARD (64 << 10)

static volatile int handled;

static void handler(int signal)
{
    (void)signal;
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    handled += fd >= 0 && close(fd) == 0;
}

int main(void)
{
    char *memory = mmap(NULL, GUARD + SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED || mprotect(memory + GUARD, SIZE, PROT_READ | PROT_WRITE) != 0)
        return 1;
    sigaltstack(&(stack_t){.ss_sp = memory + GUARD, .ss_size = SIZE}, NULL);
    sigaction(SIGUSR1, &(struct sigaction){.sa_handler = handler, .sa_flags = SA_ONSTACK}, NULL);
    for (int i = 0; i < 1000; i++) {
        int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        raise(SIGUSR1);
        close(fd);
    }
    printf("%d\n", handled);
    return 0;
}
