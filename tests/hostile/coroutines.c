/*
 * Stacks of the program's own making: two coroutines that open on one and close on the other.
 * VERIFY: yes
 */
#include <fcntl.h>
#include <stdio.h>
#include <ucontext.h>
#include <unistd.h>

static ucontext_t main_context, opener_context, closer_context;
static char stacks[2][64 << 10];
static int fd, rounds;

static void opener(void)
{
    for (;;) {
        fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        swapcontext(&opener_context, &closer_context);
    }
}

static void closer(void)
{
    while (rounds < 1000) {
        rounds += close(fd) == 0;
        swapcontext(&closer_context, &opener_context);
    }
    swapcontext(&closer_context, &main_context);
}

static void prepare(ucontext_t *context, char *stack, void (*function)(void))
{
    getcontext(context);
    context->uc_stack = (stack_t){.ss_sp = stack, .ss_size = sizeof(stacks[0])};
    context->uc_link = &main_context;
    makecontext(context, function, 0);
}

int main(void)
{
    prepare(&opener_context, stacks[0], opener);
    prepare(&closer_context, stacks[1], closer);
    swapcontext(&main_context, &opener_context);
    printf("%d\n", rounds);
    return close(fd);
}
