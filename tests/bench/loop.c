/*
 * One pair of calls, again and again, from a stack of 12 frames and more: prints the nanoseconds one round takes, the
 * best of many batches (what disturbs a batch only ever adds).
 *
 *     loop CALL [HELD [THREADS [FRAMES [ROUNDS]]]]
 *
 * HELD descriptors are open meanwhile. With THREADS the figure is wall time by all rounds of all threads; 0 is one thread,
 * timed by itself. FRAMES is the depth of the stack below main, and ROUNDS how many a batch of each thread has.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define STACK_FRAMES 12
#define BATCH        1000
#define MEASURE_NS   300e6
#define THREADS_MAX  16
#define FRAMES_MAX   1000

static int null_fd;
static volatile uint64_t sink;

static void open_close(void)
{
    close(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
}

static void dup_close(void)
{
    close(dup(null_fd));
}

static void socket_close(void)
{
    close(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

static void pipe_close(void)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) == 0) {
        close(ends[0]);
        close(ends[1]);
    }
}

static void fopen_fclose(void)
{
    FILE *stream = fopen("/etc/passwd", "re");
    if (stream != NULL)
        fclose(stream);
}

static void read_nothing(void)
{
    char byte;
    sink += (uint64_t)read(null_fd, &byte, 0);
}

static void write_nothing(void)
{
    sink += (uint64_t)write(null_fd, "", 0);
}

/* No descriptor call at all: about as long as the others. */
static void compute(void)
{
    uint64_t x = sink;
    for (int i = 0; i < 400; i++)
        x = x * UINT64_C(6364136223846793005) + 1442695040888963407;
    sink = x;
}

static const struct {
    const char *name;
    void (*round)(void);
} calls[] = {
    {"open", open_close}, {"dup", dup_close}, {"socket", socket_close}, {"pipe", pipe_close}, {"fopen", fopen_fclose},
    {"read", read_nothing}, {"write", write_nothing}, {"compute", compute},
};

static double now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void (*call_round)(void);
static int threads, frames = STACK_FRAMES, rounds = 20 * BATCH;
static pthread_barrier_t barrier;
static double best = 1e18;

static void batches(void)
{
    for (double start = now_ns(); now_ns() - start < MEASURE_NS;) {
        double before = now_ns();
        for (int i = 0; i < BATCH; i++)
            call_round();
        double each = (now_ns() - before) / BATCH;
        if (each < best)
            best = each;
    }
}

/* Threads begin each batch together; the slowest one ends it. first: the one that watches the clock. */
static void batches_together(int first)
{
    for (int batch = 0; batch < 20; batch++) {
        pthread_barrier_wait(&barrier);
        double before = now_ns();
        for (int i = 0; i < rounds; i++)
            call_round();
        pthread_barrier_wait(&barrier);
        double each = (now_ns() - before) / ((double)rounds * threads);
        if (first && each < best)
            best = each;
    }
}

static void descend(int further, void (*last)(int), int argument)
{
    if (further > 0)
        descend(further - 1, last, argument);
    else
        last(argument);
    __asm__ volatile("" ::: "memory"); /* no tail call */
}

static void run_alone(int unused)
{
    (void)unused;
    batches();
}

static void *run_thread(void *first)
{
    descend(frames, batches_together, first != NULL);
    return NULL;
}

static void run_threads(void)
{
    pthread_t others[THREADS_MAX];
    pthread_barrier_init(&barrier, NULL, (unsigned)threads);
    for (int i = 1; i < threads; i++)
        pthread_create(&others[i], NULL, run_thread, NULL);
    run_thread(&best);
    for (int i = 1; i < threads; i++)
        pthread_join(others[i], NULL);
}

/* As many as the hard limit allows, if that is fewer; tells on standard error how many. */
static void hold(long wanted)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    if ((rlim_t)wanted + 16 > limit.rlim_cur)
        wanted = (long)limit.rlim_cur - 16;
    for (long i = 0; i < wanted; i++)
        if (dup(null_fd) < 0)
            break;
    fprintf(stderr, "held %ld\n", wanted);
}

int main(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < sizeof(calls) / sizeof(calls[0]); i++)
        if (strcmp(argv[1], calls[i].name) == 0)
            call_round = calls[i].round;
    threads = argc > 3 ? atoi(argv[3]) : 0;
    frames = argc > 4 ? atoi(argv[4]) : STACK_FRAMES;
    rounds = argc > 5 ? atoi(argv[5]) : 20 * BATCH;
    null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (call_round == NULL || null_fd < 0 || threads < 0 || threads > THREADS_MAX || frames < 0 ||
        frames > FRAMES_MAX || rounds < 1)
        return 2;
    if (argc > 2 && atol(argv[2]) > 0)
        hold(atol(argv[2]));
    if (threads > 0)
        run_threads();
    else
        descend(frames, run_alone, 0);
    printf("%.2f\n", best);
    return 0;
}
