/*
 * C++: cancellation is a forced unwind that runs destructors, and exceptions fly out of callbacks that opened files.
 * VERIFY: yes
 * LIBS: -lpthread
 */
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <pthread.h>
#include <stdexcept>
#include <unistd.h>

static int destroyed;

struct channel {
    int ends[2];
    channel()
    {
        if (pipe2(ends, O_CLOEXEC) != 0)
            throw std::runtime_error("pipe");
    }
    ~channel()
    {
        destroyed++;
        close(ends[0]);
        close(ends[1]);
    }
};

static pthread_barrier_t begun;

static void *block(void *unused)
{
    char byte;
    channel held;
    pthread_barrier_wait(&begun);
    if (read(held.ends[0], &byte, 1) >= 0)
        destroyed = -1000;
    return unused;
}

static int compare(const void *, const void *)
{
    channel held;
    throw std::runtime_error("compare");
}

int main()
{
    pthread_barrier_init(&begun, nullptr, 2);
    for (int i = 0; i < 10; i++) {
        pthread_t thread;
        if (pthread_create(&thread, nullptr, block, nullptr) != 0)
            return 1;
        pthread_barrier_wait(&begun);
        pthread_cancel(thread);
        pthread_join(thread, nullptr);
        try {
            int numbers[] = {2, 1};
            qsort(numbers, 2, sizeof(int), compare);
        } catch (const std::exception &) {
            destroyed++;
        }
    }
    std::printf("%d\n", destroyed);
    return 0;
}
