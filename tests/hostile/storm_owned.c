/*
 * Eight threads that close only what they opened, 10^6 operations in all (make torture: 10^7), while a handler
 * opens and closes at 10 kHz.
 * VERIFY: yes
 * LIBS: -lpthread
 */
#include "storm.h"

#define HELD 24

static void *worker(void *seed)
{
    unsigned random = *(unsigned *)seed;
    int held[HELD], count = 0;
    for (int i = 0; i < operations; i++) {
        unsigned dice = next_random(&random) % 8;
        if (count > 0 && (dice < 4 || count == HELD)) {
            int victim = (int)(next_random(&random) % (unsigned)count);
            if (close(held[victim]) != 0)
                abort();
            held[victim] = held[--count];
        } else if (count > 0 && dice == 4) {
            /* dup2 over one's own: a death and a birth on one number. */
            dup2(held[0], held[count - 1]);
        } else if (count > 0 && dice == 5) {
            fcntl(held[0], F_SETFD, (int)(next_random(&random) & FD_CLOEXEC));
        } else {
            held[count++] = open_one(&random);
        }
    }
    return NULL;
}

int main(void)
{
    return storm(worker);
}
