/*
 * The same without manners: eight threads close, overwrite and sweep each other's numbers. Which descriptors are left is
 * chance; that the table agrees with the kernel about them is not.
 * VERIFY: yes
 * LIBS: -lpthread
 */
#include "storm.h"

#define FIRST 3
#define LAST  120

static int any(unsigned *random)
{
    return FIRST + (int)(next_random(random) % (LAST - FIRST));
}

static void *worker(void *seed)
{
    unsigned random = *(unsigned *)seed;
    for (int i = 0; i < operations; i++) {
        unsigned first;
        switch (next_random(&random) % 10) {
        case 0: case 1: case 2: case 3:
            open_one(&random);
            break;
        case 4: case 5: case 6:
            close(any(&random));
            break;
        case 7:
            dup2(any(&random), any(&random));
            break;
        case 8:
            fcntl(any(&random), F_SETFD, (int)(next_random(&random) & FD_CLOEXEC));
            break;
        default:
            first = (unsigned)any(&random);
            close_range(first, first + next_random(&random) % 8, next_random(&random) % 4 == 0 ? CLOSE_RANGE_CLOEXEC : 0);
        }
    }
    return NULL;
}

int main(void)
{
    return storm(worker);
}
